"""Every door of intake for officers: imports, triage and what leaves it without a merchant, tips."""

from flask import Blueprint

from portal.intake import aside_views, import_views, tip_views, triage_views

bp = Blueprint("intake_regulator", __name__, url_prefix="/regulator")

bp.get("/imports")(import_views.imports)
bp.get("/imports/new")(import_views.new_import)
bp.get("/imports/map.toml")(import_views.column_map)
bp.post("/imports")(import_views.start_import)
bp.get("/imports/<reference>")(import_views.run)
bp.post("/imports/<reference>/resume")(import_views.resume_import)
bp.post("/imports/<reference>/refused.xlsx")(import_views.export_refused)

bp.get("/triage")(triage_views.triage)
bp.post("/triage/confirm")(triage_views.confirm_routes)
bp.post("/triage.xlsx")(triage_views.export_triage)
bp.get("/triage/<reference>")(triage_views.waiting_case)
bp.post("/triage/<reference>/reveal")(triage_views.reveal_case)
bp.post("/triage/<reference>")(triage_views.route_case)

bp.post("/triage/<reference>/keep")(aside_views.keep_case)
bp.post("/triage/<reference>/send-back")(aside_views.send_back)
bp.get("/kept")(aside_views.kept)
bp.post("/kept.xlsx")(aside_views.export_kept)
bp.get("/sent-back")(aside_views.sent_back)
bp.post("/sent-back.xlsx")(aside_views.export_sent_back)

bp.get("/tips")(tip_views.tips)
bp.post("/tips.xlsx")(tip_views.export_tips)
bp.get("/tips/<source>/<path:number>")(tip_views.tip)
bp.post("/tips/<source>/<path:number>")(tip_views.reveal_tip)
