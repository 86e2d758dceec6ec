"""全市一张图 in a real Chromium."""

from __future__ import annotations

import pytest
from sqlalchemy import select, func
from models import Compound
from tests.browser.screens import Desk, Site

pytestmark = pytest.mark.browser


def test_x(desk: Desk, demo_site: Site) -> None:
    import time
    t=time.time(); desk.open(); print("open", time.time()-t)
    t=time.time(); desk.open(); print("open", time.time()-t)
    print(demo_site.one(select(func.count()).select_from(Compound)))
    desk.page.click("text=English"); desk.until("() => document.documentElement.lang === 'en'"); desk.painted()
    LEFT = r"""() => { const out=[]; const w=document.createTreeWalker(document.body, NodeFilter.SHOW_ELEMENT|NodeFilter.SHOW_TEXT);
      for(let n=w.nextNode();n;n=w.nextNode()){ if(n.nodeType===3){ if(!n.parentElement.closest('script,style')) out.push(n.textContent.trim()); }
        else for(const a of ['title','placeholder','aria-label','alt']) if(n.getAttribute(a)) out.push(n.getAttribute(a)); }
      return [...new Set(out)].filter(Boolean) }"""
    import re
    def show(pat): print([t for t in desk.ask(LEFT) if re.search(pat,t)])
    for q in ("", "?show=satisfaction", "?show=claims_per_1000&unit=community","?chosen=compound:1","?chosen=organisation:12","?chosen=grid:1","?chosen=building:1","?chosen=station:1"):
        desk.go(q); desk.still(); show(r"[一-鿿]")
    desk.page.click("a.switch[lang=zh]"); desk.until("() => document.documentElement.lang === 'zh-CN'"); desk.painted()
    for q in ("", "?show=satisfaction", "?show=claims_per_1000&unit=community","?chosen=compound:1","?chosen=organisation:12","?chosen=grid:1","?chosen=building:1","?chosen=station:1"):
        desk.go(q); desk.still(); show(r"[A-Za-z]{2,}")
    print(desk.requests[-3:])
