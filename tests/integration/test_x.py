def test_a(town_store): pass
def test_b(town_store): pass
def test_c(town_store): pass
