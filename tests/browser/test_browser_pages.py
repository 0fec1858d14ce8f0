"""Every page in both languages and both themes, in a real Chromium: no missing words, no complaint, nothing from the wire run."""

from __future__ import annotations

import csv
import io
import re
import urllib.error
import urllib.request
from collections.abc import Callable

import pytest
from selenium.webdriver.common.by import By

pytestmark = pytest.mark.browser

PAGES = (
    "/",
    "/alerts",
    "/coverage",
    "/incidents",
    "/sampling",
    "/notices",
    "/flows",
    "/ledger",
    "/permits",
    "/sensors",
    "/audit",
    "/settings",
)
ROWS_HAVE_COME = "return [...document.querySelectorAll('.ag-center-cols-container .ag-row')].every(row => row.innerText.trim())"
HAN = re.compile("[\u4e00-\u9fff]")


def choose(browser, name: str, wanted: Callable[[], bool]) -> None:
    """Press a switch of the top bar and wait for the page it reloads to."""
    browser.click(name)
    browser.until(wanted)
    browser.until(lambda: browser.driver.execute_script("return document.readyState === 'complete' && !!document.querySelector('h1')"))


def of_language(browser, language: str) -> bool:
    return browser.driver.execute_script("return document.documentElement.lang") == {"zh": "zh-CN", "en": "en-US"}[language]


def set_language(browser, language: str) -> None:
    browser.open("/settings")
    if not of_language(browser, language):
        choose(browser, "language", lambda: of_language(browser, language))


def test_sign_in_refuses_and_admits(make_browser, served) -> None:
    browser = make_browser()
    browser.open("/alerts?level=4")
    assert "/sign-in?next=" in browser.driver.current_url
    browser.sign_in("regulator", "not-the-password")
    known = browser.part("problem").text
    browser.sign_in("nobody-of-that-name", "not-the-password")
    assert browser.part("problem").text == known
    browser.driver.get(served.address + "/sign-in?next=/alerts%3Flevel%3D4")
    browser.driver.find_element(By.ID, "name").send_keys("regulator")
    browser.driver.find_element(By.ID, "password").send_keys(served.password)
    browser.driver.find_element(By.CSS_SELECTOR, "button.primary").click()
    browser.until(lambda: browser.driver.current_url == served.address + "/alerts?level=4")
    cookies = [cookie for cookie in browser.driver.get_cookies() if cookie["name"] == "guankou"]
    assert len(cookies) == 1 and cookies[0]["httpOnly"]
    assert served.started_s < 60


def test_nothing_is_open_without_a_session(served) -> None:
    opener = urllib.request.build_opener(NoRedirects())
    for path in (
        "/",
        "/alerts",
        "/settings",
        "/api/alerts",
        "/api/flows.csv",
        "/api/openapi.json",
        "/_nicegui_ws/socket.io/?EIO=4&transport=polling",
    ):
        with pytest.raises(urllib.error.HTTPError) as refused:
            opener.open(served.address + path, timeout=10)
        assert refused.value.code in (303, 401), path
    with urllib.request.urlopen(served.address + "/sign-in", timeout=10) as answer:
        rules = answer.headers["content-security-policy"]
    assert "script-src 'self' 'nonce-" in rules and "frame-ancestors 'none'" in rules and "unsafe-inline' 'nonce" not in rules


class NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


@pytest.mark.parametrize(("language", "theme"), [("zh", "light"), ("en", "dark")])
def test_every_page_in_its_language_and_theme(regulator, language: str, theme: str) -> None:
    set_language(regulator, language)
    dark = "return document.body.classList.contains('body--dark')"
    if regulator.driver.execute_script(dark) != (theme == "dark"):
        choose(regulator, "theme", lambda: regulator.driver.execute_script(dark) == (theme == "dark"))
    regulator.complaints()
    details = [regulator.driver.find_element(By.CSS_SELECTOR, f'nav a[href="{path}"]').get_attribute("href") for path in PAGES]
    assert len(details) == len(PAGES)
    for path in (*PAGES, "/flows/graph"):
        regulator.open(path)
        regulator.until(lambda: regulator.driver.execute_script(ROWS_HAVE_COME))
        if path.startswith("/flows"):
            regulator.part("found")
        regulator.picture(f"{path.strip('/').replace('/', '-') or 'overview'}-{language}-{theme}")
        assert not regulator.driver.find_elements(By.CSS_SELECTOR, '[data-test="error"]'), path
        assert of_language(regulator, language), path
        sentence = regulator.part("sentence").text
        assert bool(HAN.search(sentence)) == (language == "zh"), (path, sentence)
        assert regulator.driver.find_elements(By.CSS_SELECTOR, '[data-test="coverage"]'), f"{path} shows no coverage"
        assert regulator.driver.execute_script("return document.documentElement.scrollWidth") <= 1440, f"{path} scrolls sideways"
        assert regulator.driver.execute_script("return window.hacked") is None, path
        assert regulator.complaints() == [], path


def test_alerts_are_filtered_sorted_and_exported(regulator) -> None:
    set_language(regulator, "en")
    regulator.open("/alerts")
    rows = lambda: regulator.driver.find_elements(By.CSS_SELECTOR, '[data-test="alerts-grid"] .ag-row')  # noqa: E731
    regulator.until(rows)
    everything = len(rows())
    head = '.ag-header-cell[col-id="number"]'
    cell = '[data-test="alerts-grid"] .ag-row[row-index="0"] [col-id="number"] a'
    orders = {}
    for _ in range(2):
        before = regulator.driver.find_element(By.CSS_SELECTOR, head).get_attribute("aria-sort")
        regulator.driver.find_element(By.CSS_SELECTOR, head + " .ag-header-cell-label").click()
        regulator.until(lambda before=before: regulator.driver.find_element(By.CSS_SELECTOR, head).get_attribute("aria-sort") != before)
        order = regulator.driver.find_element(By.CSS_SELECTOR, head).get_attribute("aria-sort")
        orders[order] = regulator.driver.find_element(By.CSS_SELECTOR, cell).text
    assert set(orders) == {"ascending", "descending"} and orders["ascending"] != orders["descending"]
    regulator.open("/alerts?q=Singapore")
    regulator.until(rows)
    assert 0 < len(rows()) < everything
    export = regulator.part("export").get_attribute("href")
    script = "const done = arguments[1]; fetch(arguments[0]).then(r => r.text()).then(done)"
    text = regulator.driver.execute_async_script(script, export)
    lines = list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))
    assert {line["line"] for line in lines} == {"BJ-SIN-07"} and all(line["destination"] == "Singapore" for line in lines)
    regulator.open("/alerts?q=nothing-is-called-so")
    assert "inspected" in regulator.part("empty").text


def test_flows_are_found_and_hostile_names_are_text(regulator) -> None:
    set_language(regulator, "en")
    regulator.open("/flows?address=10.21.0.0/16&server=script")
    cells = '[data-test="flows-grid"] [col-id="{}"].ag-cell'
    regulator.until(lambda: any("script" in text for text in regulator.texts(cells.format("server.name"))))
    assert set(regulator.texts(cells.format("server.name"))) == {"<script>window.hacked=1</script>.example"}
    assert set(regulator.texts(cells.format("line"))) == {"BJ-SIN-07"}
    regulator.driver.find_element(By.CSS_SELECTOR, '[data-test="flows-grid"] [col-id="first"] a').click()
    regulator.until(lambda: "/flows/10" in regulator.driver.current_url)
    regulator.until(lambda: "<script>window.hacked=1</script>.example" in regulator.text())
    regulator.picture("flow-en")
    assert regulator.driver.execute_script("return window.hacked") is None
    regulator.open("/flows?address=10.21.0.0/99&port=70000")
    assert regulator.driver.find_element(By.CSS_SELECTOR, "#filter-q").get_property("value") == "ip in 10.21.0.0/99 and port == 70000"
    assert regulator.part("marked").get_property("textContent") == "10.21.0.0/99"
    regulator.open("/flows?q=line+%3D%3D+BJ-SIN-07+and+server.name+~+%22SCRIPT%22")
    regulator.until(lambda: any("script" in text for text in regulator.texts(cells.format("server.name"))))
    assert set(regulator.texts(cells.format("line"))) == {"BJ-SIN-07"}
    regulator.open("/flows?q=port+%3D%3D+1+and+lin+%3D%3D+a")
    assert regulator.part("marked").get_property("textContent") == "lin"
    assert "At character 15" in regulator.part("wrong").text and "line" in regulator.part("wrong").text
    assert regulator.complaints() == []


def test_ledger_shows_bounds_and_thresholds(regulator) -> None:
    set_language(regulator, "en")
    regulator.open("/ledger/91110105MA01BCHN7A")
    tracks = regulator.driver.find_elements(By.CSS_SELECTOR, ".track")
    assert len(tracks) == 2 and "10,000" in tracks[0].get_attribute("aria-label") and "1,000,000" in tracks[1].get_attribute("aria-label")
    assert "Art. 8" in regulator.text() and "do not add up" in regulator.text()
    regulator.picture("ledger-holder-en")


def test_coverage_explains_every_octet(regulator) -> None:
    set_language(regulator, "en")
    regulator.open("/coverage?period=week")
    assert regulator.part("balance-unexplained").text.startswith("Unexplained 0 B")
    assert "no recorded legal basis" in regulator.text()
