"""Flow search in a real Chromium: completion, facets, the histogram's brush, the drawer, what is slow, what is kept."""

from __future__ import annotations

import json
import re
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.browser.test_browser_pages import set_language

pytestmark = pytest.mark.browser
CELLS = '[data-test="flows-grid"] [col-id="{}"].ag-cell'
SLOW = "/flows?q=" + quote("server.name == slow.example")


def asked(browser, name: str) -> str:
    return parse_qs(urlsplit(browser.driver.current_url).query).get(name, [""])[0]


def filter_value(browser) -> str:
    return str(browser.part("filter").get_property("value"))


def options(browser) -> list[str]:
    return browser.texts('[data-test="options"] li .mono') if browser.part("options").is_displayed() else []


def rows_of(browser, column: str) -> set[str]:
    return {text for text in browser.texts(CELLS.format(column)) if text}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_filter_is_completed_by_keys_alone(regulator, language: str) -> None:
    set_language(regulator, language)
    regulator.open("/flows")
    regulator.until(lambda: rows_of(regulator, "line"))
    regulator.driver.find_element(By.TAG_NAME, "body").send_keys("/")
    bar = regulator.driver.switch_to.active_element
    assert bar.get_attribute("id") == "filter-q"
    bar.send_keys("dst.po" if language == "en" else "应答端")
    regulator.until(lambda: "dst.port" in options(regulator))
    assert ("port that answered" if language == "en" else "应答端口") in regulator.part("options").text
    regulator.picture(f"flows-completion-{language}")
    bar.send_keys(Keys.TAB)
    regulator.until(lambda: filter_value(regulator) == "dst.port ")
    regulator.until(lambda: ">=" in options(regulator))
    bar.send_keys("== 80 and line ")
    regulator.until(lambda: "==" in options(regulator))
    bar.send_keys("== bj")
    regulator.until(lambda: "BJ-SIN-07" in options(regulator))
    bar.send_keys(Keys.ESCAPE)
    assert options(regulator) == []
    bar.send_keys(Keys.DOWN)
    regulator.until(lambda: options(regulator))
    place = options(regulator).index("BJ-SIN-07")
    bar.send_keys(*[Keys.DOWN] * (place + 1), Keys.ENTER)
    regulator.until(lambda: filter_value(regulator) == "dst.port == 80 and line == BJ-SIN-07 ")
    bar.send_keys(Keys.ESCAPE, Keys.ENTER)
    regulator.until(lambda: asked(regulator, "q") == "dst.port == 80 and line == BJ-SIN-07 ")
    regulator.until(lambda: rows_of(regulator, "line") == {"BJ-SIN-07"})
    assert regulator.complaints() == []


def test_an_input_method_has_the_keys_while_it_composes(regulator) -> None:
    set_language(regulator, "en")
    regulator.open("/flows")
    regulator.part("filter").send_keys("lin")
    regulator.until(lambda: options(regulator))
    sent = """const [bar, composing] = arguments; const e = new KeyboardEvent('keydown', {key: 'Enter', isComposing: composing, bubbles: true, cancelable: true});
        bar.dispatchEvent(e); return e.defaultPrevented;"""
    assert regulator.driver.execute_script(sent, regulator.part("filter"), True) is False
    assert asked(regulator, "q") == "" and options(regulator)


def test_what_is_wrong_is_underlined_and_the_nearest_field_is_a_button(regulator) -> None:
    set_language(regulator, "en")
    regulator.open("/flows?q=" + quote('服务器名 ~ "上传" and protcol == tls'))
    assert filter_value(regulator).startswith('server.name ~ "上传"') and regulator.part("marked").get_property("textContent") == "protcol"
    arrow = regulator.driver.find_element(By.CSS_SELECTOR, ".said .arrow").rect
    mark = regulator.part("marked").rect
    assert mark["x"] - 8 <= arrow["x"] <= mark["x"] + mark["width"], "the arrow points at the word"
    regulator.picture("flows-wrong-en")
    regulator.click("instead")
    regulator.until(lambda: "and protocol == tls" in filter_value(regulator))
    regulator.until(lambda: not regulator.driver.find_elements(By.CSS_SELECTOR, '[data-test="wrong"]'))


def test_a_facet_keeps_and_leaves_out(regulator) -> None:
    set_language(regulator, "en")
    regulator.open("/flows")
    lines = '[data-test="facet-line"] a[data-without]'
    regulator.until(lambda: len(regulator.texts(lines)) == 4)
    counts = {text.split("\n")[0]: int(text.split("\n")[1]) for text in regulator.texts(lines)}
    assert sum(counts.values()) == 400 and "400 flows" in regulator.part("found").text.replace(",", "")
    regulator.until(lambda: any("<script>" in text for text in regulator.texts('[data-test="facet-server.name"] li')))
    names = regulator.texts('[data-test="facet-destination"] li')
    assert any("Hong Kong SAR, China" in name for name in names) and any("Singapore" in name for name in names)
    regulator.until(lambda: rows_of(regulator, "line"))
    regulator.picture("flows-facets-en")
    one = next(a for a in regulator.driver.find_elements(By.CSS_SELECTOR, lines) if "BJ-SIN-07" in a.text)
    ActionChains(regulator.driver).key_down(Keys.ALT).click(one).key_up(Keys.ALT).perform()
    regulator.until(lambda: asked(regulator, "q") == "line != BJ-SIN-07")
    regulator.until(lambda: len(regulator.texts(lines)) == 3)
    regulator.driver.find_element(By.CSS_SELECTOR, lines).click()
    regulator.until(lambda: asked(regulator, "q").startswith("line != BJ-SIN-07 and line == "))
    kept = asked(regulator, "q").rsplit(" ", 1)[1]
    regulator.until(lambda: f"{counts[kept]} flows" in regulator.part("found").text)
    assert regulator.driver.execute_script("return window.hacked") is None and regulator.complaints() == []


def test_any_field_has_its_top_values(regulator) -> None:
    set_language(regulator, "en")
    regulator.open("/flows")
    regulator.until(lambda: regulator.texts('[data-test="facet-line"] li'))
    regulator.click("top-of")
    regulator.driver.switch_to.active_element.send_keys("dst.port")
    regulator.until(lambda: any(text == "dst.port" for text in regulator.texts(".q-menu .q-item")))
    regulator.driver.switch_to.active_element.send_keys(Keys.DOWN, Keys.ENTER)
    regulator.until(lambda: len(regulator.texts('[data-test="facet-dst.port"] li')) == 2)
    assert asked(regulator, "top") == "dst.port"


def test_drawing_over_the_histogram_sets_the_period(regulator) -> None:
    set_language(regulator, "en")
    regulator.open("/flows")
    regulator.until(lambda: regulator.driver.find_elements(By.CSS_SELECTOR, '[data-test="histogram"] canvas'))

    def drawn() -> bool:
        if not asked(regulator, "from"):
            pen = ActionChains(regulator.driver).move_to_element_with_offset(regulator.part("histogram"), -200, 0).click_and_hold()
            pen.move_by_offset(100, 0).move_by_offset(60, 0).release().perform()
        return bool(asked(regulator, "from"))

    regulator.until(drawn)
    assert asked(regulator, "from") < asked(regulator, "to") and asked(regulator, "from").endswith("0")
    regulator.until(lambda: "flows" in regulator.part("found").text)
    assert "400 flows" not in regulator.part("found").text
    assert regulator.part("histogram").is_displayed() and regulator.complaints() == []


def test_a_row_opens_the_drawer_and_escape_gives_the_focus_back(regulator) -> None:
    set_language(regulator, "en")
    regulator.open("/flows?q=" + quote('server.name ~ "script" and line == BJ-SIN-07'))
    regulator.until(lambda: rows_of(regulator, "line"))
    regulator.until(lambda: regulator.driver.execute_script("return !!(window.socket && window.socket.connected)"))
    regulator.driver.find_element(By.CSS_SELECTOR, '[data-test="flows-grid"] .ag-row[row-index="1"] [col-id="line"]').click()
    regulator.until(lambda: asked(regulator, "flow"))
    regulator.until(lambda: regulator.driver.execute_script("return document.activeElement.id") == "drawer-title")
    drawer = regulator.part("drawer")
    assert "<script>window.hacked=1</script>.example" in drawer.text and asked(regulator, "flow") in drawer.text
    regulator.picture("flows-drawer-en")
    for width in (1920, 1440):
        size = {"width": width, "height": 1080 if width == 1920 else 900, "deviceScaleFactor": 1, "mobile": False}
        regulator.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        if width == 1920:
            regulator.until(lambda: regulator.driver.execute_script("const grid = document.querySelector('.tall').getBoundingClientRect(), drawer = document.querySelector('.drawer').getBoundingClientRect(); return grid.right <= drawer.left"))
            regulator.picture("flows-drawer-1920-en")
    address = regulator.driver.current_url
    regulator.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    regulator.until(lambda: not asked(regulator, "flow") and not drawer.is_displayed())
    row = "const row = document.activeElement.closest('.ag-row'); return row && row.getAttribute('row-index')"
    assert regulator.driver.execute_script(row) == "1"
    regulator.driver.switch_to.active_element.send_keys("j")
    regulator.until(lambda: regulator.driver.execute_script(row) == "2")
    regulator.driver.switch_to.active_element.send_keys(Keys.ENTER)
    regulator.until(lambda: asked(regulator, "flow") and asked(regulator, "flow") not in address)
    regulator.driver.get(address)
    regulator.until(lambda: regulator.part("drawer").is_displayed() and "Opener's address" in regulator.part("drawer").text)
    pivot = regulator.part("pivot-same_server")
    regulator.driver.execute_script("arguments[0].click()", pivot)
    regulator.until(lambda: asked(regulator, "q") == 'server.name == "<script>window.hacked=1</script>.example"')
    assert regulator.driver.execute_script("return window.hacked") is None and regulator.complaints() == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_is_slow_says_so_and_is_cancelled(regulator, language: str) -> None:
    set_language(regulator, language)
    regulator.open(SLOW)
    assert regulator.part("grey"), "the page stands before its answer"
    regulator.until(lambda: regulator.part("cancel").is_displayed())
    assert ("counting" if language == "en" else "计数") in regulator.part("slow").text
    regulator.picture(f"flows-slow-{language}")
    regulator.open("/alerts")
    assert regulator.part("alerts-grid").is_displayed(), "other pages answer meanwhile"
    regulator.open(SLOW)
    regulator.until(lambda: regulator.part("cancel").is_displayed())
    regulator.click("cancel")
    regulator.until(lambda: len(regulator.driver.find_elements(By.CSS_SELECTOR, '[data-test="no-answer-cancelled"]')) == 9)
    assert ("Cancelled" if language == "en" else "已取消") in regulator.part("slow").text
    regulator.picture(f"flows-cancelled-{language}")
    regulator.complaints()  # the grid's request was refused, as it should
    regulator.open("/flows?q=" + quote("line == BJ-SIN-07"))
    regulator.until(lambda: rows_of(regulator, "line") == {"BJ-SIN-07"})


def test_what_is_too_wide_is_said_before_and_ways_are_offered(regulator) -> None:
    set_language(regulator, "en")
    regulator.open("/flows?q=" + quote("server.name == wide.example"))
    assert "1,000,000,000,000 rows" in regulator.part("no-answer-wide").text
    assert not regulator.driver.find_elements(By.CSS_SELECTOR, '[data-test="flows-grid"]')
    regulator.picture("flows-wide-en")
    hour, anyway = (regulator.driver.find_element(By.LINK_TEXT, words).get_attribute("href") for words in ("Its last hour", "Search all the same"))
    assert "from=" in hour and "q=server.name" in hour
    regulator.driver.get(anyway)
    regulator.until(lambda: "No flow fits" in regulator.text())


def test_a_store_that_is_away_is_said(regulator) -> None:
    set_language(regulator, "en")
    regulator.open("/flows?q=" + quote("server.name == away.example"))
    regulator.until(lambda: "does not answer" in regulator.part("slow").text)
    assert regulator.part("again").is_displayed() and not regulator.part("cancel").is_displayed()
    regulator.picture("flows-away-en")
    assert not regulator.driver.find_elements(By.CSS_SELECTOR, '[data-test="found"]')
    regulator.complaints()  # the grid's request was refused, as it should


@pytest.mark.parametrize(("language", "how"), [("zh", "asked"), ("en", "opened")])
def test_a_store_that_goes_away_leaves_its_last_answer(regulator, served, language: str, how: str) -> None:
    set_language(regulator, language)
    address, away = "/flows?q=" + quote("server.name !~ leaving.example"), served.home / "away"
    regulator.open(address)
    regulator.until(lambda: rows_of(regulator, "server.name"))
    found, newest = regulator.part("found").text, regulator.texts(CELLS.format("first"))[0]
    away.write_text(how, "utf-8")
    try:
        regulator.open(address)
        said = regulator.part("last-answer").text
        assert ("The last answer to this search, of 20" if language == "en" else "此检索上一次的结果，20") in said and regulator.part("again")
        assert regulator.part("found").text == found
        cells = '[data-test="kept-grid"] [col-id="{}"].ag-cell'
        regulator.until(lambda: regulator.texts(cells.format("first"))[:1] == [newest])
        assert any(regulator.texts(cells.format("class"))) and not regulator.driver.find_elements(By.CSS_SELECTOR, cells.format("first") + " a[href]")
        shown = [bool(regulator.driver.find_elements(By.CSS_SELECTOR, f'[data-test="{name}"]')) for name in ("filter", "exports", "to-graph", "flows-grid", "histogram")]
        assert shown == [True, False, False, False, False], "what needs the store is not offered"
        regulator.picture(f"flows-last-{language}")
        regulator.open(address + "&cols=line")
        assert regulator.part("found").text == found and not regulator.driver.find_elements(By.CSS_SELECTOR, '[data-test="kept-grid"]')
        regulator.open(address + "&from=2020-01-01")
        regulator.until(lambda: regulator.part("again").is_displayed())
        assert not regulator.driver.find_elements(By.CSS_SELECTOR, '[data-test="last-answer"]'), "another question"
        regulator.complaints()  # the grids' requests were refused, as they should
    finally:
        away.unlink()
    regulator.open(address)
    regulator.until(lambda: rows_of(regulator, "server.name"))
    assert not regulator.driver.find_elements(By.CSS_SELECTOR, '[data-test="last-answer"]') and regulator.complaints() == []


def test_columns_are_chosen_and_kept_for_the_account(regulator) -> None:
    set_language(regulator, "en")
    regulator.open("/flows")
    regulator.click("columns")
    regulator.picture("flows-columns-en")
    for name in ("column-packets", "column-tls.ja4"):
        regulator.click(name)
    regulator.click("show-columns")
    regulator.until(lambda: asked(regulator, "cols").endswith("protocol,tls.ja4"))
    regulator.open("/flows")
    heads = lambda: regulator.texts('[data-test="flows-grid"] .ag-header-cell-text')  # noqa: E731
    regulator.until(lambda: "tls.ja4" in heads())
    assert "Packets" not in heads() and asked(regulator, "cols") == ""
    regulator.open("/flows?cols=line,source")
    regulator.until(lambda: heads() == ["Line", "Opener"])
    regulator.open("/flows?cols=")
    regulator.click("columns")
    regulator.click("usual-columns")
    regulator.until(lambda: asked(regulator, "cols").endswith("packets"))


def test_a_search_is_saved_under_a_name_and_loaded(regulator) -> None:
    set_language(regulator, "en")
    regulator.open("/flows?q=" + quote('line == BJ-FRA-02 and server.name ~ "<script>"'))
    regulator.click("saved")
    for name, said in (("no good name!", "1 to 64 letters"), ("frankfurt", "")):
        field = regulator.driver.find_element(By.CSS_SELECTOR, 'input[data-test="save-name"]')
        field.send_keys(Keys.CONTROL, "a", Keys.NULL, name)
        regulator.click("save-search")
        if said:
            regulator.until(lambda said=said: said in regulator.text())
    regulator.until(lambda: regulator.driver.find_elements(By.CSS_SELECTOR, '[data-test="load-saved"]'))
    regulator.open("/flows")
    regulator.click("saved")
    regulator.picture("flows-saved-en")
    regulator.click("load-saved")
    regulator.until(lambda: asked(regulator, "q") == 'line == BJ-FRA-02 and server.name ~ "<script>"')
    regulator.open("/audit")
    regulator.until(lambda: "save_search" in regulator.text())
    regulator.open("/flows")
    bar = regulator.part("filter")
    bar.send_keys("port == 80 and @fra")
    regulator.until(lambda: options(regulator) == ["@frankfurt"])
    assert "line == BJ-FRA-02" in regulator.part("options").text
    regulator.picture("flows-saved-name-en")
    bar.send_keys(Keys.TAB)
    regulator.until(lambda: filter_value(regulator) == "port == 80 and @frankfurt ")
    bar.send_keys(Keys.ESCAPE, Keys.ENTER)
    written = 'port == 80 and (line == BJ-FRA-02 and server.name ~ "<script>")'
    regulator.until(lambda: asked(regulator, "q") == written)
    regulator.until(lambda: rows_of(regulator, "line") == {"BJ-FRA-02"})
    assert filter_value(regulator) == written, "the URL is the state: what the name stands for may change"
    regulator.open("/flows?q=" + quote("port == 80 and @frankfort"))
    assert regulator.part("marked").get_property("textContent") == "@frankfort" and "no saved search" in regulator.part("wrong").text
    regulator.picture("flows-saved-wrong-en")
    regulator.click("instead")
    regulator.until(lambda: filter_value(regulator) == "port == 80 and @frankfurt")
    assert regulator.complaints() == []


def test_every_row_is_taken_away_in_three_forms(regulator) -> None:
    set_language(regulator, "en")
    regulator.open("/flows?q=" + quote("line == BJ-SIN-07"))
    regulator.until(lambda: "flows" in regulator.part("found").text)
    number = int(regulator.part("found").text.split(" ", 1)[0].replace(",", ""))
    regulator.click("exports")
    regulator.picture("flows-export-en")
    script = "const done = arguments[1]; fetch(arguments[0]).then(r => r.text()).then(done)"
    lines = regulator.driver.execute_async_script(script, regulator.part("export-jsonl").get_attribute("href")).splitlines()
    assert len(lines) == number and {json.loads(line)["line"] for line in lines} == {"BJ-SIN-07"}
    assert len(regulator.driver.execute_async_script(script, regulator.part("export-csv").get_attribute("href")).splitlines()) == number + 1


@pytest.mark.parametrize("language", ["zh", "en"])
def test_connections_are_drawn_listed_and_lead_to_their_flows(regulator, language: str) -> None:
    set_language(regulator, language)
    regulator.open("/flows?q=" + quote("line == BJ-SIN-07"))
    regulator.click("to-graph")
    regulator.until(lambda: urlsplit(regulator.driver.current_url).path == "/flows/graph" and asked(regulator, "q") == "line == BJ-SIN-07")
    regulator.until(lambda: regulator.driver.find_elements(By.CSS_SELECTOR, '[data-test="graph"] canvas'))
    numbers = [int(text.replace(",", "")) for text in re.findall(r"[0-9][0-9,]*", regulator.part("drawn").text)]
    assert numbers[1] > 8 and filter_value(regulator) == "line == BJ-SIN-07"
    cells = '[data-test="pairs-grid"] .ag-center-cols-container [col-id="{}"]'
    regulator.until(lambda: regulator.texts(cells.format("near")))
    assert all(text.startswith("10.21.0.") for text in regulator.texts(cells.format("near")))
    regulator.picture(f"flows-graph-{language}")
    regulator.driver.find_element(By.CSS_SELECTOR, '[data-test="pairs-grid"] .ag-header-cell[col-id="flows"]').click()
    regulator.until(lambda: (counts := [int(text) for text in regulator.texts(cells.format("flows"))]) and counts == sorted(counts))
    regulator.driver.find_element(By.CSS_SELECTOR, cells.format("flows") + " a").click()
    regulator.until(lambda: urlsplit(regulator.driver.current_url).path == "/flows")
    assert re.fullmatch(r"line == BJ-SIN-07 and ip == 10\.21\.0\.\d+ and ip == 10\.121\.8\.\d", asked(regulator, "q"))
    regulator.until(lambda: rows_of(regulator, "line") == {"BJ-SIN-07"})
    assert regulator.complaints() == []


@pytest.mark.parametrize("kind", ["node", "edge"])
def test_what_is_clicked_in_the_graph_opens_its_flows(regulator, kind: str) -> None:
    set_language(regulator, "en")
    regulator.open("/flows/graph?q=" + quote("line == BJ-SIN-07 and dst.ip == 10.121.8.1") + "&from=2020-01-01")
    regulator.until(lambda: regulator.driver.find_elements(By.CSS_SELECTOR, '[data-test="graph"] canvas'))
    place = """const chart = [...document.querySelectorAll('[data-test="graph"]')].map((one) => getElement(one.id.slice(1)).chart)[0];
        const data = chart.getModel().getSeriesByIndex(0).getData(), [a, b] = [data.getItemLayout(0), data.getItemLayout(1)];
        return arguments[0] === 'node' ? a : a.map((one, i) => (one + b[i]) / 2).slice(0, 2);"""
    script = place.replace("return ", "const at = ").rstrip(";") + "; return chart.getModel().getSeriesByIndex(0).coordinateSystem.dataToPoint(at);"
    x, y = regulator.until(lambda: regulator.driver.execute_script(script, kind))
    size = regulator.part("graph").rect
    regulator.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", regulator.part("graph"))
    ActionChains(regulator.driver).move_to_element_with_offset(regulator.part("graph"), x - size["width"] / 2, y - size["height"] / 2).click().perform()
    regulator.until(lambda: urlsplit(regulator.driver.current_url).path == "/flows")
    more = asked(regulator, "q").removeprefix("line == BJ-SIN-07 and dst.ip == 10.121.8.1 and ").split(" and ")
    assert len(more) == (1 if kind == "node" else 2) and all(one.startswith("ip == 10.") for one in more) and asked(regulator, "from") == "2020-01-01"
    assert regulator.complaints() == []


def test_connections_that_take_long_are_cancelled(regulator) -> None:
    set_language(regulator, "en")
    regulator.open(SLOW.replace("/flows?", "/flows/graph?"))
    regulator.until(lambda: regulator.part("cancel").is_displayed())
    regulator.until(lambda: "putting connections together" in regulator.part("slow").text)
    regulator.click("cancel")
    regulator.until(lambda: len(regulator.driver.find_elements(By.CSS_SELECTOR, '[data-test="no-answer-cancelled"]')) == 2)
    regulator.open("/flows/graph?q=" + quote("line == none"))
    regulator.until(lambda: "No flow fits" in regulator.text())


def test_the_link_is_copied_with_the_ends_of_its_period(regulator) -> None:
    set_language(regulator, "en")
    regulator.driver.execute_cdp_cmd("Browser.grantPermissions", {"origin": regulator.served.address, "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]})
    regulator.open("/flows?q=" + quote('line == BJ-FRA-02 and server.name ~ "<script>"') + "&from=2020-01-01")
    regulator.until(lambda: rows_of(regulator, "line"))
    number = regulator.part("found").text.split(" ", 1)[0]
    regulator.click("copy-link")
    regulator.until(lambda: regulator.part("copied").text == "Link copied")
    regulator.picture("flows-copied-en")
    copied = regulator.driver.execute_async_script("navigator.clipboard.readText().then(arguments[0])")
    query = {name: values[0] for name, values in parse_qs(urlsplit(copied).query).items()}
    assert copied.startswith(regulator.served.address + "/flows?") and query["from"] == "2020-01-01" and query["to"].startswith("20")
    regulator.driver.get(copied)
    regulator.until(lambda: regulator.part("found").text.split(" ", 1)[0] == number)
    assert filter_value(regulator) == 'line == BJ-FRA-02 and server.name ~ "<script>"'


def test_heads_sort_the_whole_result(regulator) -> None:
    set_language(regulator, "en")
    regulator.open("/flows?q=" + quote("line == BJ-SIN-07") + "&cols=first,octets.out,findings,line")
    regulator.until(lambda: rows_of(regulator, "line"))
    head = '[data-test="flows-grid"] .ag-header-cell[col-id="{}"]'
    times = lambda: regulator.texts(CELLS.format("first"))  # noqa: E731
    assert times() == sorted(times(), reverse=True)
    regulator.driver.find_element(By.CSS_SELECTOR, head.format("octets.out")).click()
    regulator.until(lambda: asked(regulator, "sort") == "octets.out")
    sizes = lambda: [float(text.split()[0]) for text in regulator.texts(CELLS.format("octets.out")) if text.endswith("kB")]  # noqa: E731
    regulator.until(lambda: len(sizes()) > 8)
    assert sizes() == sorted(sizes(), reverse=True)
    regulator.until(lambda: regulator.driver.find_element(By.CSS_SELECTOR, head.format("octets.out")).get_attribute("aria-sort") == "descending")
    regulator.picture("flows-sorted-en")
    regulator.driver.find_element(By.CSS_SELECTOR, head.format("findings")).click()
    regulator.until(lambda: asked(regulator, "sort") == "findings")
    regulator.until(lambda: regulator.texts(CELLS.format("findings"))[:1] == ["60"])
    regulator.driver.find_element(By.CSS_SELECTOR, head.format("first")).click()
    regulator.until(lambda: asked(regulator, "sort") == "")
    assert regulator.complaints() == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_flows_have_the_verdicts_of_their_alerts(regulator, language: str) -> None:
    set_language(regulator, language)
    regulator.open("/flows")
    verdicts = '[data-test="facet-verdict"] a[data-without]'
    regulator.until(lambda: regulator.texts(verdicts))
    counts = {text.split("\n")[0].strip(): int(text.split("\n")[-1]) for text in regulator.texts(verdicts)}
    beyond, nothing, unseen = ("Beyond permission", "Nothing found", "Content not seen") if language == "en" else ("超出许可", "没有命中", "未见内容")
    assert sum(counts.values()) == 400 and {beyond, nothing, unseen} <= set(counts) and list(counts)[-2:] == [unseen, nothing]
    regulator.until(lambda: set(regulator.texts('[data-test="verdict-legend"] > span')) == set(counts), 10)
    regulator.until(lambda: rows_of(regulator, "verdict"))
    regulator.picture(f"flows-verdicts-{language}")
    one = next(a for a in regulator.driver.find_elements(By.CSS_SELECTOR, verdicts) if beyond in a.text)
    one.click()
    regulator.until(lambda: asked(regulator, "q") == "verdict == beyond")
    regulator.until(lambda: rows_of(regulator, "verdict") == {beyond})
    assert str(counts[beyond]) in regulator.part("found").text.split(" ")[0]
    regulator.until(lambda: regulator.texts(verdicts))
    one = regulator.driver.find_element(By.CSS_SELECTOR, verdicts)
    ActionChains(regulator.driver).key_down(Keys.ALT).click(one).key_up(Keys.ALT).perform()
    regulator.until(lambda: asked(regulator, "q") == "verdict == beyond and verdict != beyond")
    assert regulator.complaints() == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_classes_are_a_column_and_a_facet(regulator, language: str) -> None:
    set_language(regulator, language)
    regulator.open("/flows")
    classes = '[data-test="facet-finding.class"] a[data-without]'
    identity, both = ("identity", "identity, basic") if language == "en" else ("身份", "身份、基本")
    regulator.until(lambda: regulator.texts(classes))
    one = next(a for a in regulator.driver.find_elements(By.CSS_SELECTOR, classes) if a.text.startswith(identity))
    number = one.text.split("\n")[1]
    assert rows_of(regulator, "class") <= {both}
    one.click()
    regulator.until(lambda: asked(regulator, "q") == 'finding.class == "身份"')
    regulator.until(lambda: rows_of(regulator, "class") == {both})
    assert regulator.part("found").text.startswith(number + " ") and "" not in regulator.texts(CELLS.format("class"))
    regulator.picture(f"flows-class-{language}")
    assert regulator.complaints() == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_is_masked_alike_is_found(regulator, language: str) -> None:
    """From a value of a finding to the flows that have one masked alike; a mask that leaves a single character is not offered."""
    set_language(regulator, language)
    regulator.open("/flows?q=" + quote("finding.signature == resident_id"))
    regulator.until(lambda: rows_of(regulator, "line"))
    first = regulator.part("found").text.split()[0]
    regulator.driver.find_element(By.CSS_SELECTOR, CELLS.format("first") + " a").click()
    regulator.until(lambda: regulator.texts('[data-test="pivot-same_value"]'))
    kind = "居民身份证号" if language == "zh" else "resident ID"
    (offered,) = regulator.texts('[data-test="pivot-same_value"]')
    assert offered.startswith(kind) and offered.endswith("110*************2X")
    regulator.picture(f"flow-masked-alike-{language}")
    regulator.click("pivot-same_value")
    regulator.until(lambda: asked(regulator, "q") == 'finding.excerpt ~ "\u27e6resident_id:110*************2X\u27e7"')
    regulator.until(lambda: rows_of(regulator, "line"))
    assert int(regulator.part("found").text.split()[0].replace(",", "")) >= int(first.replace(",", ""))
    assert regulator.complaints() == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_flow_has_its_verdict_its_alert_and_its_timers(regulator, language: str) -> None:
    set_language(regulator, language)
    regulator.open("/flows?q=" + quote("verdict in (beyond, permit)"))
    regulator.until(lambda: rows_of(regulator, "verdict"))
    regulator.until(lambda: regulator.driver.execute_script("return !!(window.socket && window.socket.connected)"))
    verdict = regulator.texts(CELLS.format("verdict"))[0]
    regulator.driver.find_element(By.CSS_SELECTOR, '[data-test="flows-grid"] .ag-row[row-index="0"] [col-id="line"]').click()
    regulator.until(lambda: regulator.part("flow-verdict").text.startswith(verdict))
    timers = regulator.part("flow-timers")
    assert ("1 s" if language == "en" else "1 秒") in timers.text and ("not seen" if language == "en" else "未见") in timers.text
    moments = timers.find_elements(By.CSS_SELECTOR, "dd[title]")
    assert [one.get_attribute("title")[-4:] for one in moments] == [" UTC", " UTC"] and moments[0].text < moments[1].text
    regulator.picture(f"flows-drawer-verdict-{language}")
    regulator.click("flow-alert")
    regulator.until(lambda: urlsplit(regulator.driver.current_url).path.startswith("/alerts/A-"))
    regulator.until(lambda: verdict in regulator.text())
    regulator.open("/flows?q=" + quote("handshake > 0"))
    regulator.until(lambda: rows_of(regulator, "line"))
    regulator.driver.find_element(By.CSS_SELECTOR, CELLS.format("first") + " a").click()
    regulator.until(lambda: re.fullmatch("/flows/[0-9]+", urlsplit(regulator.driver.current_url).path))
    assert ("12.4 ms" if language == "en" else "12.4 毫秒") in regulator.part("flow-timers").text
    assert not regulator.driver.find_elements(By.CSS_SELECTOR, '[data-test="flow-alert"]')
    regulator.picture(f"flow-{language}")
    assert regulator.complaints() == []


@pytest.mark.parametrize(("asking", "language", "words"), [
    ("verdict == unseen and inspected.out == 0", "zh", "内容完全未检，无从判断"),
    ("verdict == unseen and inspected.out == 0", "en", "nothing of it was inspected, so nothing can be said"),
    ("verdict == nothing and inspected.out > 0", "zh", "已检部分没有命中"),
])
def test_a_flow_without_findings_says_whether_one_looked(regulator, asking: str, language: str, words: str) -> None:
    set_language(regulator, language)
    regulator.open("/flows?q=" + quote(asking))
    regulator.until(lambda: rows_of(regulator, "line"))
    regulator.driver.find_element(By.CSS_SELECTOR, CELLS.format("first") + " a").click()
    regulator.until(lambda: words in regulator.text())
    assert regulator.complaints() == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_usual_columns_fit_at_1440(regulator, language: str) -> None:
    set_language(regulator, language)
    regulator.open("/flows")
    regulator.until(lambda: rows_of(regulator, "server.name"))
    script = "const edge = document.querySelector('[data-test=flows-grid]').getBoundingClientRect().right; const heads = [...document.querySelectorAll('[data-test=flows-grid] .ag-header-cell')]; return heads.filter((one) => one.getBoundingClientRect().right > edge + 1).map((one) => one.getAttribute('col-id'))"
    assert set(regulator.driver.execute_script(script)) <= {"protocol", "packets"}
    cut = "return [...document.querySelectorAll('[data-test=flows-grid] .ag-header-cell-text')].filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.innerText)"
    assert regulator.driver.execute_script(cut) == []
    heads = regulator.texts('[data-test="flows-grid"] .ag-header-cell-text')
    assert heads[1:3] == (["Verdict", "Class"] if language == "en" else ["判定", "数据类别"])
    cut = "return [...document.querySelectorAll('[data-test=flows-grid] .ag-cell')].filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.innerText)"
    assert {text for text in regulator.driver.execute_script(cut) if not text.startswith("<script>")} == set()
    assert {"telemetry.example.net", "orders.example.com"} <= rows_of(regulator, "server.name")
    assert {"Hong Kong SAR, China", "中国香港特别行政区"} & rows_of(regulator, "destination")
    regulator.picture(f"flows-widths-{language}")
