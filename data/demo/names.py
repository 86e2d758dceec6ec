"""Plausible Chinese names, each used once where it must tell things apart."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from pypinyin import Style, lazy_pinyin

from data.demo.figures import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np

STREETS = (
    "人民 解放 中山 沿江 钢花 翠湖 文华 西桥 南浦 东山 建设 和平 前进 新华 民权 花桥 车站 球场 劳动 永清 丹水 后湖 塔子 谌家 大智 "
    "一元 台北 二七 四唯 西马 花楼 水塔 满春 民意 宝丰 荣华 汉水 长丰 易家 韩家 宗关 古田 琴断 江堤 晴川 洲头 月湖 建桥 鹦鹉 五里 "
    "永丰 杨园 徐家棚 粮道 中华 黄鹤 紫阳 白沙 首义 中南 水果 珞南 石洞 南湖 积玉 余家 红卫 冶金 新沟 红钢 工人 青山 钢都 厂前 武东 "
    "白玉 狮子 张家 卓刀 关山 洪山 和平桥 梨园 青菱 九峰 花山 左岭 豹澥 佛祖 龙泉 滨江 纸坊 金口 郑店 流芳 山坡 法泗 安山 湖泗 舒安 "
    "五里界 大桥 阳逻 邾城 仓埠 汪集 李集 三店 潘塘 旧街 双柳 涨渡 辛冲 徐古 凤凰 道观"
).split()
COMMUNITY_A = (
    "翠湖 锦绣 金桂 芙蓉 百步 丹桂 紫荆 玉兰 香樟 银杏 梧桐 红梅 海棠 石榴 荷花 春晓 晨光 朝阳 东升 新华 前进 胜利 团结 友谊 光明 红旗 "
    "和平 建设 幸福 长青 永安 康宁 惠民 利民 富强 民主 文明 和谐 公园 江滩 江汉 码头 堤角 渡口 桥头 铁桥 车站 站北 站前 钢花 炉前 焦化 "
    "重机 机床 棉纺 印染 锅炉 车辆 电力 邮电 学府 书院 文昌 墨香 师苑 杏林 药王 石桥 白沙 青石 黄土 红土 王家 李家 张家 刘家 陈家 杨家 "
    "周家 吴家 徐家 孙家 胡家 朱家 高家 林家 何家 郭家 马家 罗家 梁家 宋家 郑家 谢家 韩家 唐家 冯家 于家 董家 萧家 程家 曹家 袁家 邓家 "
    "许家 傅家 沈家 曾家 彭家 吕家 苏家 卢家 蒋家 蔡家 贾家 丁家 魏家 薛家 叶家 阎家 余家 潘家 杜家 戴家 夏家 钟家 汪家 田家 任家 姜家"
).split()
COMMUNITY_B = ("", "湖", "里", "园", "苑", "墩", "湾", "巷", "街", "岭", "塘", "桥")
LUXE_A = (
    "锦绣 翠湖 金桂 江南 滨江 御景 盛世 东方 世纪 阳光 龙湖 万科 香格 碧水 绿地 保利 中海 华润 融侨 联投 福星 名流 金地 复地 丽岛 "
    "水岸 云林 云栖 江语 江城 长岛 楚天 玉龙 凤凰 紫薇 丹枫 银湖 金色 时代 国际 未来 未名 学林 书香 翰林 状元 尚东 南国 北城 西城 "
    "东湖 南湖 沙湖 月湖 星河 天汇 天悦 天誉 君临 帝景 雅居 雅典 枫丹 维多利亚 托斯卡纳 蓝湾 青山 白鹭 鹭岛 海悦 海逸 信和 润泽 瑞景"
).split()
LUXE_B = "华庭 名苑 花园 家园 新城 雅苑 豪庭 华府 公馆 国际 嘉园 名都 世家 公寓 水岸 天地 风华 名邸 上院 锦园 佳苑 半岛".split()
WORKS = (
    "云江重型机械厂 云江第一棉纺厂 云江锅炉厂 云江机床厂 云江轴承厂 云江电机厂 云江钢铁公司 云钢焦化厂 云钢炼铁厂 云江造船厂 云江无线电厂 "
    "云江印染厂 云江肉联厂 云江面粉厂 云江制药厂 云江水泥厂 云江化工厂 云江橡胶厂 云江自行车厂 云江汽车运输公司 云江港务局 云江供电局 "
    "云江自来水公司 云江邮电局 云江粮食局 云江商业局 云江设计院 云江师范学院 云江工学院 云江医学院 云江冶金设计院 云江地质队 铁路局 铁路车辆厂 "
    "铁路工务段 铁路机务段 长航局 建工一公司 建工三公司 市政工程公司 省直机关 市直机关 税务局 农科院 水利勘测院 测绘院 第七地质大队"
).split()
FIRMS_A = (
    "万安 金桂 惠民 佳园 永和 长城 天健 瑞景 城投 众诚 德馨 安居 中楚 楚天 江汉 锦绣 恒信 嘉禾 润家 顺达 保信 华安 宏泰 鼎盛 君安 "
    "民生 和美 新世纪 百年 同心 诚信 优居 乐家 康居 明日 兴业 绿城源 蓝海 星光 晨曦"
).split()
FIRMS_B = ("物业服务有限公司", "物业管理有限公司", "城市服务有限公司", "生活服务有限公司", "社区服务有限公司", "置业物业有限公司")
ITEMS = (
    ("required", "政策宣讲进楼栋"), ("required", "联系困难家庭"), ("required", "文明劝导值守"), ("required", "环境卫生整治"),
    ("required", "治安巡逻"), ("required", "反诈宣传"), ("required", "消防隐患排查"), ("required", "高龄老人探访"),
    ("required", "垃圾分类指导"), ("required", "防汛物资清点"),
    ("elective", "电动车充电桩加装"), ("elective", "楼道灯维修"), ("elective", "下水管疏通"), ("elective", "小区绿化补植"),
    ("elective", "健身器材维护"), ("elective", "儿童托管课堂"), ("elective", "四点半学堂"), ("elective", "义诊与健康讲座"),
    ("elective", "老年人手机课堂"), ("elective", "法律咨询"), ("elective", "家电义务维修"), ("elective", "理发便民服务"),
    ("elective", "心理疏导"), ("elective", "就业岗位推介"), ("elective", "社区图书角更新"), ("elective", "邻里节活动"),
    ("elective", "书画学习班"), ("elective", "合唱队辅导"),
    ("recommended", "停车位划线"), ("recommended", "加装电梯协调"), ("recommended", "屋面防水修缮"), ("recommended", "围墙修补"),
    ("recommended", "晾衣架安装"), ("recommended", "无障碍坡道改造"), ("recommended", "监控探头补点"), ("recommended", "路面坑洼修补"),
    ("recommended", "化粪池清掏"), ("recommended", "快递柜选址"),
)  # fmt: skip
"""The catalogue of items: source and title."""


class Names:
    """Hands out names; a name given once within a place is not given again there."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.taken: set[tuple[str, str]] = set()
        self.streets = list(STREETS)
        self.communities = [a + b for b in COMMUNITY_B for a in COMMUNITY_A]
        head = self.communities[: 2 * len(COMMUNITY_A)]
        tail = self.communities[2 * len(COMMUNITY_A) :]
        self.communities = [str(n) for n in rng.permutation(head)] + [str(n) for n in rng.permutation(tail)]

    def pick(self, names: tuple[str, ...] | list[str]) -> str:
        """Return any of `names`."""
        return names[int(self.rng.integers(len(names)))]

    def once(self, place: str, name: str) -> str:
        """Return `name`, with a number where the place has it already."""
        found, n = name, 1
        while (place, found) in self.taken:
            n += 1
            found = f"{name}{'二三四五六七八九'[n - 2]}期" if n < 10 else f"{name}{n}期"
        self.taken.add((place, found))
        return found

    def compound(self, place: str, kind: int, road: str, community: str) -> str:
        """Return the name of a compound of the kind, on `road`, in the community called `community`."""
        number = int(self.rng.integers(1, 60))
        turn = self.rng.random()
        if KINDS[kind] == "residential":
            return self.once(place, self.pick(LUXE_A) + self.pick(LUXE_B))
        if KINDS[kind] == "work_unit":
            name = self.pick(list(WORKS))
            end = ("宿舍", f"{number % 9 + 1}号院", f"{'一二三四五'[number % 5]}小区", "生活区", "家属院")[number % 5]
            return self.once(place, name + end)
        if KINDS[kind] == "transitional":
            base = community if community.endswith("家") else self.pick(COMMUNITY_A[53:]).rstrip("家") + "家"
            return self.once(place, base + self.pick(("湾还建小区", "村", "湾", "墩新村", "还建楼", "村一组", "大湾")))
        if turn < 0.45:
            return self.once(place, f"{road}{number * 2 + 1}号院")
        if turn < 0.75:
            return self.once(place, f"{community}新村{number % 30 + 1}街坊")
        return self.once(place, f"{community}{self.pick(('小区', '里', '村', '巷小区', '南区', '北区', '东区', '西区'))}")

    def firm(self) -> str:
        """Return a property firm."""
        return "云江" + self.pick(FIRMS_A) + self.pick(FIRMS_B)


@cache
def _letter(character: str) -> str:
    return lazy_pinyin(character, style=Style.FIRST_LETTER)[0][:1].lower() if "\u4e00" <= character <= "\u9fff" else character.lower()


def initials(names: Iterable[str]) -> list[str]:
    """Return the pinyin initials of each name, in lower case."""
    return ["".join(_letter(character) for character in name) for name in names]
