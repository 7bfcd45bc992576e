"""What the audit record calls things: actions, kinds of objects, outcomes, and the values it keeps.

Entries keep codes, which never change; names may. A test finds every action that the program records
and asks for its name here.
"""

from __future__ import annotations

from marketplace.domain import orders, states
from marketplace.domain.text import N_

ACTIONS: dict[str, dict[str, str]] = {
    N_("登录与账号"): {
        "sign_in": N_("登录"),
        "sign_out": N_("退出登录"),
        "user.create": N_("新增账号"),
        "user.edit": N_("修改账号"),
        "user.roles": N_("调整角色"),
        "user.password": N_("更改密码"),
        "user.unlock": N_("解锁账号"),
        "user.activate": N_("启用账号"),
        "user.deactivate": N_("停用账号"),
        "token.issue": N_("生成接口令牌"),
        "token.revoke": N_("停用接口令牌"),
    },
    N_("单位"): {
        "unit.create": N_("新增单位"),
        "unit.edit": N_("修改单位"),
        "unit.close": N_("停用单位"),
        "unit.open": N_("启用单位"),
    },
    N_("资产"): {
        "asset.create": N_("建卡"),
        "asset.import": N_("导入建卡"),
        "asset.edit": N_("修改卡片"),
        **{f"asset.{action}": name for action, name in states.ACTION_NAMES.items()},
        "asset.offer": N_("修改上架内容"),
        "asset.split": N_("拆分卡片"),
        "asset.receive": N_("调入建卡"),
        "asset.photo_add": N_("新增照片"),
        "asset.photo_remove": N_("移除照片"),
        "asset.photo_restore": N_("恢复照片"),
        "asset.photo_order": N_("调整照片顺序"),
        "asset.photo_cover": N_("更换封面"),
        "asset.photo_caption": N_("修改照片说明"),
        "assets.export": N_("导出资产"),
    },
    N_("导入"): {
        "import.begin": N_("上传登记簿"),
        "import.remap": N_("修改列对应"),
        "import.relocate": N_("修改表头位置"),
        "import.confirm": N_("确认导入"),
        "import.stop": N_("停止导入"),
        "import.resume": N_("继续导入"),
    },
    N_("办件"): {
        **{f"order.{action}": name for action, name in orders.ACTION_NAMES.items()},
        "order.photo_add": N_("新增交接照片"),
        "order.photo_remove": N_("移除交接照片"),
        "loan.consent_asked": N_("征求借用方同意"),
        "loan.consent_answered": N_("借用方答复"),
        "loan.damage": N_("登记损坏"),
        "loan.damage_settled": N_("损坏了结"),
        "paper.issue": N_("出具单据"),
    },
    N_("规则与代理"): {
        "policy.save": N_("修改审批规则"),
        "calendar.set": N_("修改工作日历"),
        "calendar.clear": N_("恢复工作日历"),
        "calendar.import": N_("导入工作日历"),
        "calendar.undo": N_("撤销日历修改"),
        "stand_in.name": N_("委托代理"),
        "stand_in.end": N_("提前结束代理"),
    },
    N_("俗称"): {
        "synonyms.create": N_("新增俗称"),
        "synonyms.update": N_("修改俗称"),
        "synonyms.delete": N_("删除俗称"),
    },
    N_("审计"): {
        "audit.export": N_("导出审计记录"),
        "audit.verify": N_("核验审计记录"),
    },
}
"""Every recorded action with its name, by the group it is chosen from."""
ACTION_NAMES = {code: name for group in ACTIONS.values() for code, name in group.items()}

OBJECT_NAMES = {
    "asset": N_("资产"),
    "order": N_("办件"),
    "import_run": N_("导入"),
    "user": N_("账号"),
    "token": N_("接口令牌"),
    "unit": N_("单位"),
    "synonyms": N_("俗称"),
    "policy": N_("审批规则"),
    "calendar": N_("工作日历"),
    "stand_in": N_("代理"),
    "audit": N_("审计记录"),
}
"""The kinds of objects that entries are about."""

OUTCOME_NAMES = {
    "done": N_("完成"),
    "wrong": N_("密码错误"),
    "locked": N_("账号锁定中"),
    "broken": N_("发现异常"),
}
"""How it ended; everything but the first is pointed out."""

VALUE_NAMES = {
    "state": N_("状态"),
    "modes": N_("方式"),
    "category": N_("分类"),
    "username": N_("用户名"),
    "name": N_("名称"),
    "number": N_("编号"),
    "unit": N_("所属单位"),
    "email": N_("电子邮箱"),
    "phone": N_("电话"),
    "roles": N_("角色"),
    "active": N_("启用"),
    "code": N_("编码"),
    "kind": N_("级别"),
    "parent_code": N_("上级单位"),
    "credit_code": N_("统一社会信用代码"),
    "short_name": N_("简称"),
    "address": N_("地址"),
    "headcount": N_("编制内实有人数"),
    "latitude": N_("纬度"),
    "longitude": N_("经度"),
    "canonical": N_("标准名称"),
    "words": N_("俗称"),
    "photo": N_("照片"),
    "photos": N_("照片顺序"),
    "cover": N_("封面"),
    "caption": N_("照片说明"),
    "file": N_("文件"),
    "file_name": N_("文件"),
    "digest": N_("文件指纹"),
    "mapping": N_("列对应"),
    "layout": N_("表头位置"),
    "rows": N_("行数"),
    "merged": N_("已写入"),
    "created": N_("新建"),
    "after_row": N_("起始行之前"),
    "last_row": N_("截止行"),
    "format": N_("格式"),
    "filter": N_("筛选条件"),
    "order": N_("办件"),
    "part": N_("拆出的卡片"),
    "quantity": N_("数量"),
    "transfer": N_("调剂办件"),
    "side": N_("哪一方"),
    "step": N_("审批步骤"),
    "steps": N_("审批步骤"),
    "role": N_("审批角色"),
    "for": N_("代谁审批"),
    "condition": N_("成色"),
    "place": N_("看样地点"),
    "contact_name": N_("联系人"),
    "contact_phone": N_("联系电话"),
    "audience": N_("先给谁"),
    "description": N_("说明"),
    "compensation": N_("赔偿金额"),
    "case": N_("损坏案件"),
    "starts_on": N_("开始日期"),
    "ends_on": N_("结束日期"),
    "agreed": N_("同意"),
    "stand_in": N_("代理人"),
    "revoked_at": N_("提前结束时间"),
    "version": N_("版本"),
    "reason": N_("理由"),
    "scope": N_("范围"),
    "checked": N_("核验条数"),
    "seal": N_("封印"),
    "fault": N_("异常"),
}
"""Values of entries that are not fields of a card."""
