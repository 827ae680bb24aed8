"""The 24 classes of 消委会 statistics (domain 5.4; headings agree with the China Consumers Association's)."""

from dataclasses import dataclass
from enum import StrEnum


class GoodsClass(StrEnum):
    """The ten classes of goods, by the code that addresses and files carry."""

    APPLIANCES = "appliances"
    CLOTHING = "clothing"
    FOOD = "food"
    DRINKS = "drinks"
    BUILDING = "building"
    DAILY = "daily"
    JEWELLERY = "jewellery"
    MEDICINE = "medicine"
    VEHICLES = "vehicles"
    FARMING = "farming"


class ServiceClass(StrEnum):
    """The thirteen classes of services, and the one for everything else."""

    LIVING = "living"
    DECORATION = "decoration"
    TRAVEL = "travel"
    CULTURE = "culture"
    POST = "post"
    TELECOM = "telecom"
    INTERNET = "internet"
    FINANCE = "finance"
    INSURANCE = "insurance"
    HEALTH = "health"
    EDUCATION = "education"
    PUBLIC = "public"
    SALES = "sales"
    OTHER = "other"


CLASS_NAMES: dict[str, str] = {
    GoodsClass.APPLIANCES: "家用电子电器类",
    GoodsClass.CLOTHING: "服装鞋帽类",
    GoodsClass.FOOD: "食品类",
    GoodsClass.DRINKS: "烟、酒和饮料类",
    GoodsClass.BUILDING: "房屋及建材类",
    GoodsClass.DAILY: "日用商品类",
    GoodsClass.JEWELLERY: "首饰及文体用品类",
    GoodsClass.MEDICINE: "医药及医疗用品类",
    GoodsClass.VEHICLES: "交通工具类",
    GoodsClass.FARMING: "农用生产资料类",
    ServiceClass.LIVING: "生活、社会服务类",
    ServiceClass.DECORATION: "房屋装修及物业服务",
    ServiceClass.TRAVEL: "旅游服务",
    ServiceClass.CULTURE: "文化、娱乐、体育服务",
    ServiceClass.POST: "邮政业服务",
    ServiceClass.TELECOM: "电信服务",
    ServiceClass.INTERNET: "互联网服务",
    ServiceClass.FINANCE: "金融服务",
    ServiceClass.INSURANCE: "保险服务",
    ServiceClass.HEALTH: "卫生保健服务",
    ServiceClass.EDUCATION: "教育培训服务",
    ServiceClass.PUBLIC: "公共设施服务",
    ServiceClass.SALES: "销售服务",
    ServiceClass.OTHER: "其他商品和服务",
}


def class_of(written: str) -> str | None:
    """The code of a class as a file writes it: its code, its name, or the name without 类 and 服务; None if unknown."""
    plain = written.strip()
    if plain in CLASS_NAMES:
        return plain
    found = [code for code, name in CLASS_NAMES.items() if plain in (name, name.removesuffix("类"))]
    return found[0] if found else None


@dataclass(frozen=True, slots=True)
class Umbrella:
    """Names that people use for a class or a part of it; `only` and `never` tell the other parts' goods apart."""

    category: str
    names: tuple[str, ...]
    only: tuple[str, ...] = ()  # a name of goods contains one of these
    never: tuple[str, ...] = ()


UMBRELLAS = (  # our reading; a name whose part can't be told by characters (首饰 without 文体用品) is not here
    Umbrella(GoodsClass.CLOTHING, ("服装", "服装类", "服饰", "衣服", "衣物"), never=("鞋", "靴", "帽")),
    Umbrella(GoodsClass.CLOTHING, ("鞋帽", "鞋帽类"), only=("鞋", "靴", "帽")),
    Umbrella(GoodsClass.APPLIANCES, ("家用电器", "家电", "电器", "电子电器")),
    Umbrella(GoodsClass.DRINKS, ("饮料", "饮品"), never=("烟", "酒")),
    Umbrella(GoodsClass.DRINKS, ("烟酒",), only=("烟", "酒")),
    Umbrella(GoodsClass.BUILDING, ("建材", "建筑材料", "装修材料"), never=("房",)),
    Umbrella(GoodsClass.DAILY, ("日用品", "日用百货")),
    Umbrella(GoodsClass.FARMING, ("农资", "农用物资")),
)


def stands_for(word: str, category: str, goods: str) -> bool:
    """Say whether a word is another name of the class and these goods belong to what it names: 服装 takes in 大衣.

    The class has to be known; a name contained in the goods' name is not this rule's concern.
    """
    if not category:
        return False
    if class_of(word) == category:
        return True
    return any(
        one.category == category
        and word.strip() in one.names
        and (not one.only or any(part in goods for part in one.only))
        and not any(part in goods for part in one.never)
        for one in UMBRELLAS
    )
