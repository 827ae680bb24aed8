"""Every message as a row: its code, the gateway's code for it, and its Chinese text with parameters.

Short messages fit one part (70 units) where the text allows and never exceed two (134); each names the regulator's
signature, the merchant, the tail of the 登记编号 and 12315 (decisions 14). DESIGN.md 9 rules the words.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from portal.notifications import rules

LINK_UNITS = 66  # of the longest link: an address of 43 units, "/c/" and 20 characters
SHORTER = (8, 6, 4)  # units of the merchant's name, tried in this order
CODE_MINUTES = 10


class TemplateCode(StrEnum):
    """The codes under which templates are stored in messages."""

    OFFER_MADE = "offer_made"
    AGREED = "agreed"
    COUNTER_ACCEPTED = "counter_accepted"
    COUNTER_REFUSED = "counter_refused"
    RECEIPT_ASKED = "receipt_asked"
    BREACHED = "breached"
    CHOICE_ASKED = "choice_asked"
    WITH_AUTHORITY = "with_authority"
    CODE = "code"
    GREEN_CODE = "green_code"
    GREEN_FILED = "green_filed"
    GREEN_REGISTERED = "green_registered"
    FRESH_LINK = "fresh_link"
    PHONE_CHANGED = "phone_changed"
    STAFF_COUNTERED = "staff_countered"
    STAFF_REFUSED = "staff_refused"
    STAFF_EXPIRED = "staff_expired"
    STAFF_AGREED = "staff_agreed"
    STAFF_CONFIRMED = "staff_confirmed"
    STAFF_DENIED = "staff_denied"
    STAFF_BREACHED = "staff_breached"
    STAFF_RAISED = "staff_raised"
    STAFF_DISOWNED = "staff_disowned"
    STAFF_FAILED = "staff_failed"
    STAFF_WITHDRAWN = "staff_withdrawn"
    STAFF_WARNED = "staff_warned"
    STAFF_OVERDUE = "staff_overdue"
    STAFF_ESCALATED = "staff_escalated"
    RETURN_ASKED = "return_asked"
    RETURN_ANSWERED = "return_answered"
    RETURN_REFUNDED = "return_refunded"
    RETURN_LATE = "return_late"
    STAFF_PROMISE = "staff_promise"
    STAFF_FEEDBACK = "staff_feedback"
    STAFF_RETURN_ASKED = "staff_return_asked"
    STAFF_RETURN_NEAR = "staff_return_near"
    STAFF_RETURN_LATE = "staff_return_late"
    STAFF_RETURN_DENIED = "staff_return_denied"
    STAFF_RETURN_BREACH = "staff_return_breach"
    STAFF_RETURN_FOUND = "staff_return_found"
    STAFF_PHONE_ASKED = "staff_phone_asked"
    STAFF_CHECKPOINTS = "staff_checkpoints"
    STAFF_INSPECTED = "staff_inspected"
    STAFF_RECTIFIED = "staff_rectified"
    STAFF_RECHECKED = "staff_rechecked"
    STAFF_SANCTION = "staff_sanction"
    STAFF_MEASURE = "staff_measure"
    STAFF_MEASURE_SAID = "staff_measure_said"
    STAFF_MEASURE_JUDGED = "staff_measure_judged"
    STAFF_VISIT = "staff_visit"
    STAFF_VISIT_SAID = "staff_visit_said"
    STAFF_GOODS_FAILED = "staff_goods_failed"
    STAFF_RECALL_ISSUED = "staff_recall_issued"
    STAFF_RECALL_CHASED = "staff_recall_chased"
    STAFF_TRAINING = "staff_training"
    STAFF_TRAINING_MOVED = "staff_training_moved"
    STAFF_TRAINING_OFF = "staff_training_off"
    APPLICATION_LINK = "application_link"
    APPLICATION_MORE = "application_more"
    APPLICATION_ADMITTED = "application_admitted"
    APPLICATION_REFUSED = "application_refused"
    MAIL_APPLICATION = "mail_application"
    STAFF_APPLICATION = "staff_application"
    STAFF_DATA_DUE = "staff_data_due"
    STAFF_LICENCE = "staff_licence"
    STAFF_PROPOSED = "staff_proposed"
    STAFF_PROPOSAL = "staff_proposal"


@dataclass(frozen=True, slots=True)
class Template:
    """One kind of message.

    `name` is what staff call it; `gateway_code` is passed to the gateway; `subject` belongs to mails and desks.
    `parameters` come from the row, `secrets` (link, code) are put in at the moment of sending.
    """

    name: str
    gateway_code: str
    text: str
    parameters: tuple[str, ...]
    secrets: tuple[str, ...] = ()
    subject: str = ""


class TooLong(Exception):  # noqa: N818
    """The text would need a third part: the installation's own address is too long."""


def _sms(name: str, gateway_code: str, text: str, *, by: bool = False, filled: str = "link") -> Template:
    parameters = ("signature", "merchant", "tail", *(("by",) if by else ()))
    return Template(
        name, gateway_code, f"【{{signature}}】{text}可拨12315核实", parameters, (filled,) if filled else ()
    )


def _staff(name: str, subject: str, text: str) -> Template:
    return Template(name, "", text, ("case", "by"), (), subject)


def _goods(name: str, subject: str, text: str) -> Template:
    return Template(name, "", text, ("goods", "by", "path"), (), subject)


def _return(name: str, subject: str, text: str) -> Template:
    return Template(name, "", text, ("reference", "by", "path"), (), subject)


def _training(name: str, subject: str, text: str) -> Template:
    return Template(name, "", text, ("title", "day", "place", "path"), (), subject)


def _enrolment(name: str, subject: str, text: str) -> Template:
    return Template(name, "", text, ("name", "by", "path"), (), subject)


def _inspection(name: str, subject: str, text: str) -> Template:
    return Template(name, "", text, ("reference", "path"), (), subject)


T = TemplateCode

TEMPLATES: dict[TemplateCode, Template] = {
    T.OFFER_MADE: _sms(
        "方案通知",
        "ODR_OFFER_MADE",
        "{merchant}就你的投诉（编号尾号{tail}）提出方案，{by}前可答复：{link} ",
        by=True,
    ),
    T.AGREED: _sms(
        "和解凭证",
        "ODR_AGREED",
        "你已接受{merchant}的方案（编号尾号{tail}），{by}前履行，凭证和进度：{link} ",
        by=True,
    ),
    T.COUNTER_ACCEPTED: _sms(
        "接受还价",
        "ODR_COUNTER_ACCEPTED",
        "{merchant}已接受你的要求（编号尾号{tail}），{by}前履行，凭证和进度：{link} ",
        by=True,
    ),
    T.COUNTER_REFUSED: _sms(
        "不接受还价", "ODR_COUNTER_REFUSED", "{merchant}没有接受你的要求（编号尾号{tail}），理由和进度：{link} "
    ),
    T.RECEIPT_ASKED: _sms(
        "确认收到", "ODR_RECEIPT_ASKED", "{merchant}称已履行和解（编号尾号{tail}），收到或没收到都可答复：{link} "
    ),
    T.BREACHED: _sms(
        "未履行提醒", "ODR_BREACHED", "{merchant}未按期履行和解（编号尾号{tail}），可要求市场监管部门处理：{link} "
    ),
    T.CHOICE_ASKED: _sms(
        "和解不成的选择",
        "ODR_CHOICE_ASKED",
        "与{merchant}协商未成（编号尾号{tail}），可选择由市场监管部门处理或不再处理：{link} ",
    ),
    T.WITH_AUTHORITY: _sms(
        "和解不成的告知",
        "ODR_WITH_AUTHORITY",
        "与{merchant}协商未成（编号尾号{tail}），由市场监管部门继续处理，进度：{link} ",
    ),
    T.CODE: _sms(
        "验证码",
        "ODR_CODE",
        f"验证码{{code}}，{CODE_MINUTES}分钟内有效，确认{{merchant}}的方案（尾号{{tail}}）。勿告诉他人，",
        filled="code",
    ),
    T.GREEN_CODE: _sms(
        "手机号验证码",
        "ODR_GREEN_CODE",
        f"验证码{{code}}，{CODE_MINUTES}分钟内有效，投诉{{merchant}}用（本机尾号{{tail}}）。勿告诉他人，",
        filled="code",
    ),
    T.GREEN_FILED: _sms(
        "绿色通道投诉已送达",
        "ODR_GREEN_FILED",
        "你的投诉已送达{merchant}（编号尾号{tail}），商家应在{by}前联系你，进度：{link} ",
        by=True,
    ),
    T.GREEN_REGISTERED: _sms(
        "绿色通道投诉已登记", "ODR_GREEN_REGISTERED", "你对{merchant}的投诉已登记（编号尾号{tail}），进度：{link} "
    ),
    T.FRESH_LINK: _sms("重发链接", "ODR_FRESH_LINK", "{merchant}投诉（编号尾号{tail}）的链接，勿转发：{link} "),
    T.PHONE_CHANGED: _sms(
        "号码变更",
        "ODR_PHONE_CHANGED",
        "{merchant}投诉（编号尾号{tail}）的联系号码已变更，本号码不再收到通知。不是你要求的，",
        filled="",
    ),
    T.STAFF_COUNTERED: _staff(
        "消费者还价", "投诉 {case}：消费者还价", "消费者对我方方案提出还价，可以接受或再提方案。"
    ),
    T.STAFF_REFUSED: _staff(
        "消费者不接受", "投诉 {case}：消费者不接受方案", "消费者不接受我方方案。{by}前可以再提方案。"
    ),
    T.STAFF_EXPIRED: _staff(
        "方案到期", "投诉 {case}：方案到期未答复", "方案到期，消费者没有答复。{by}前可以再提方案。"
    ),
    T.STAFF_AGREED: _staff(
        "达成和解", "投诉 {case}：已达成和解", "消费者接受方案，和解协议已经生成。{by}前履行并登记凭证。"
    ),
    T.STAFF_CONFIRMED: _staff("确认收到", "投诉 {case}：消费者确认收到", "消费者确认收到，本件已和解。"),
    T.STAFF_DENIED: _staff(
        "没有收到", "投诉 {case}：消费者反映没有收到", "消费者反映没有收到约定的履行。请核对付款或交付记录。"
    ),
    T.STAFF_BREACHED: _staff("未兑现", "投诉 {case}：和解未兑现", "和解协议没有按期履行，本件已重新打开。"),
    T.STAFF_RAISED: _staff("上报", "投诉 {case}：上报待决定", "同事上报了这件投诉，等上级决定。和解期限为{by}。"),
    T.STAFF_DISOWNED: _staff(
        "否认协议",
        "投诉 {case}：消费者否认协议",
        "回访时消费者否认我方登记的协议，协议不再有效。请联系消费者继续协商。",
    ),
    T.STAFF_FAILED: _staff("未和解", "投诉 {case}：协商未成", "协商没有达成，消费者仍可接受新方案。"),
    T.STAFF_WITHDRAWN: _staff("已撤回", "投诉 {case}：消费者撤回", "消费者撤回投诉，本件不再办理。"),
    T.STAFF_WARNED: _staff("期限提醒", "投诉 {case}：期限提醒", "和解期限为{by}。请尽快与消费者协商并提出方案。"),
    T.STAFF_ESCALATED: _staff(
        "请求处理", "投诉 {case}：消费者请求处理", "消费者请求市场监管部门处理这件投诉。{by}前决定是否受理。"
    ),
    T.STAFF_PHONE_ASKED: _staff(
        "号码待复核",
        "投诉 {case}：更换消费者号码待复核",
        "有人申请更换消费者号码，方案正在等消费者答复，须由另一名经办人员确认。",
    ),
    T.STAFF_CHECKPOINTS: Template(
        "台账检查点",
        "",
        "以下是 {what} 的台账检查点。请保留本邮件：以后用其中任何一个都能核对台账有没有被改动、删减或补记，"
        "办法见导出包里的 README.txt（verify.py --checkpoint）。\n\n{notes}",
        ("what", "day", "notes", "path"),
        (),
        "台账检查点 {day}：{what}",
    ),
    T.STAFF_INSPECTED: _inspection(
        "台账检查", "台账检查 {reference}：待确认", "监管部门登记了一次台账检查。请核对记录并确认；有不同意见可以写明。"
    ),
    T.STAFF_RECTIFIED: _inspection("整改报告", "台账检查 {reference}：已报整改", "企业报告整改完毕，请复查。"),
    T.STAFF_RECHECKED: _inspection(
        "复查结果", "台账检查 {reference}：复查结果", "监管部门已复查，结果和整改期限见记录。"
    ),
    T.STAFF_SANCTION: _inspection(
        "处置建议", "处置建议 {reference}：待决定", "企业的数据达到触发规则。请核实后决定是否采取措施。"
    ),
    T.STAFF_MEASURE: _inspection(
        "监管措施", "监管措施 {reference}：待回执", "监管部门作出监管措施。请查看文书并确认收到；有不同意见可以陈述。"
    ),
    T.STAFF_MEASURE_SAID: _inspection(
        "企业回复", "监管措施 {reference}：企业有新回复", "企业提交了陈述、整改报告或恢复申请，请查看。"
    ),
    T.STAFF_MEASURE_JUDGED: _inspection(
        "复查结果", "监管措施 {reference}：复查结果", "监管部门已复查，结果和期限见监管措施页面。"
    ),
    T.STAFF_VISIT: _inspection(
        "暗访记录", "暗访 {reference}：结果", "监管部门公开了一次暗访的记录或复查结果。请查看并按期整改。"
    ),
    T.STAFF_VISIT_SAID: _inspection("暗访整改", "暗访 {reference}：已报整改", "企业报告整改完毕，请复查。"),
    T.STAFF_GOODS_FAILED: _goods(
        "商品不合格", "不合格商品：{goods}", "企业报告商品检测不合格。请核实下架情况，决定是否通报辖区企业。"
    ),
    T.STAFF_RECALL_ISSUED: _goods(
        "问题商品通报", "问题商品通报：{goods}", "请立即核对库存，下架并停止进货，{by}前确认数量。没有存货也要确认。"
    ),
    T.STAFF_RECALL_CHASED: _goods(
        "催办下架确认", "催办：{goods}", "问题商品的下架情况还没有确认，期限{by}。请立即核对并确认。"
    ),
    T.STAFF_TRAINING: _training(
        "培训通知", "培训：{title}", "{day}，{place}。请安排人员参加；举办后在本页确认参加名单。"
    ),
    T.STAFF_TRAINING_MOVED: _training("培训改期", "培训有变动：{title}", "现在是{day}，{place}。请按新的安排参加。"),
    T.STAFF_TRAINING_OFF: _training("培训取消", "培训取消：{title}", "原定{day}的培训取消，原因见本页。"),
    T.RETURN_ASKED: _sms(
        "退货申请已送达", "ODR_RETURN_ASKED", "{merchant}已收到退货申请（尾号{tail}），{by}前答复：{link} ", by=True
    ),
    T.RETURN_ANSWERED: _sms("退货申请的答复", "ODR_RETURN_ANSWERED", "{merchant}已答复退货申请（尾号{tail}）：{link} "),
    T.RETURN_REFUNDED: _sms(
        "退款确认", "ODR_RETURN_REFUNDED", "{merchant}称已退款（退货尾号{tail}），收到没收到都可答复：{link} "
    ),
    T.RETURN_LATE: _sms(
        "退货逾期", "ODR_RETURN_LATE", "{merchant}逾期没有答复或退款（退货尾号{tail}），可以怎么办：{link} "
    ),
    T.STAFF_PROMISE: Template(
        "退货承诺", "", "{name}：{words}", ("name", "what", "words", "path"), (), "退货承诺{what}：{name}"
    ),
    T.STAFF_FEEDBACK: Template(
        "承诺反馈", "", "{name}：{words}", ("reference", "name", "words", "path"), (), "承诺反馈 {reference}"
    ),
    T.STAFF_RETURN_ASKED: _return(
        "退货申请", "退货申请 {reference}：待答复", "消费者按承诺申请退货，{by}前答复。请核对承诺是否适用后答复。"
    ),
    T.STAFF_RETURN_NEAR: _return(
        "退货将到期", "退货申请 {reference}：即将到期", "承诺的时限是{by}。逾期未办的，监管部门会看到可能的违约。"
    ),
    T.STAFF_RETURN_LATE: _return(
        "退货逾期", "退货申请 {reference}：已逾期", "承诺的时限{by}已过，监管部门已收到提示。请立即答复或退款。"
    ),
    T.STAFF_RETURN_DENIED: _return(
        "没有收到退款", "退货申请 {reference}：消费者没有收到退款", "请核对退款记录，{by}前再次登记退款。"
    ),
    T.STAFF_RETURN_BREACH: _return(
        "可能违反承诺", "退货申请 {reference}：可能违反承诺", "{by}。请核对后写明承诺有没有违反。"
    ),
    T.STAFF_RETURN_FOUND: _return("承诺核查结论", "退货申请 {reference}：核查结论", "监管部门的结论：{by}。"),
    T.STAFF_OVERDUE: _staff(
        "期限届满",
        "投诉 {case}：期限届满",
        "和解期限{by}已届满，双方还没有达成和解。期满不等于结案，消费者的投诉仍在办理。",
    ),
    T.APPLICATION_LINK: _sms(
        "入驻申请链接", "ODR_APPLICATION_LINK", "{merchant}入驻申请（尾号{tail}）续填和进度，勿转发：{link} "
    ),
    T.APPLICATION_MORE: _sms(
        "入驻申请补正", "ODR_APPLICATION_MORE", "{merchant}入驻申请（尾号{tail}）需补正，{by}前提交：{link} ", by=True
    ),
    T.APPLICATION_ADMITTED: _sms(
        "入驻通过", "ODR_APPLICATION_ADMITTED", "{merchant}已获准入驻（尾号{tail}），设置登录密码，勿转发：{link} "
    ),
    T.APPLICATION_REFUSED: _sms(
        "入驻未通过", "ODR_APPLICATION_REFUSED", "{merchant}入驻申请（尾号{tail}）未通过，理由：{link} "
    ),
    T.MAIL_APPLICATION: Template(
        "入驻申请（邮件）",
        "",
        "{name}的入驻申请：{what}。\n\n打开链接查看和继续（不要转发）：{link}\n\n申请入驻的公开页面：",
        ("name", "what", "path"),
        ("link",),
        "入驻申请：{name}",
    ),
    T.STAFF_APPLICATION: _enrolment("入驻申请", "入驻申请：{name}", "企业提交了入驻申请，审核期限{by}（本平台设定）。"),
    T.STAFF_DATA_DUE: _enrolment(
        "年度资料确认", "年度资料确认：{name}", "请在{by}前核对企业资料：没有变化的确认，有变化的提出变更。"
    ),
    T.STAFF_LICENCE: _enrolment("营业执照到期", "营业执照将到期：{name}", "登记的营业执照有效期到{by}，换照后请更新。"),
    T.STAFF_PROPOSED: _enrolment("资料变更申请", "资料变更待核准：{name}", "企业{by}提出变更登记资料，请核准或退回。"),
    T.STAFF_PROPOSAL: _enrolment(
        "资料变更结果", "资料变更结果：{name}", "监管部门{by}办理了资料变更申请，结果见企业与门店。"
    ),
}

HIDDEN_LINK = "（链接不显示）"
HIDDEN_CODE = "******"
GONE = "（已失效）"


def compose(template_code: str, parameters: Mapping[str, str], **secrets: str) -> str:
    """Write the text of a message; raises TooLong where a short message would need a third part.

    `secrets` are the link or the code, or what stands in their place. What is too long loses of the merchant's name.
    """
    template = TEMPLATES[TemplateCode(template_code)]
    values = {**parameters, **secrets}
    if not is_sms(template):
        return template.text.format_map(values)
    target = rules.TWO_PARTS if "link" in template.secrets else rules.ONE_PART
    for limit in (rules.MERCHANT_UNITS, *SHORTER):
        merchant = rules.short_merchant(values.get("merchant", ""), limit)
        text = template.text.format_map({**values, "merchant": merchant})
        if rules.units(text) <= target:
            return text
    if rules.units(text) > rules.TWO_PARTS:
        raise TooLong(str(rules.units(text)))
    return text


def subject_of(template_code: str, parameters: Mapping[str, str]) -> str:
    """The subject of a mail or a notice on a desk."""
    return TEMPLATES[TemplateCode(template_code)].subject.format_map(parameters)


def is_sms(template: Template) -> bool:
    """Say whether a template is a short message."""
    return not template.subject
