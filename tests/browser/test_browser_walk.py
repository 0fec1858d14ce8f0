"""An alert followed from the overview to a notice that arrived, by two persons; and a sampling campaign from frame to result."""

from __future__ import annotations

import email
import re

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

pytestmark = pytest.mark.browser


def in_english(browser) -> None:
    browser.open("/settings")
    if browser.driver.execute_script("return document.documentElement.lang") != "en-US":
        browser.click("language")
        browser.until(lambda: browser.driver.execute_script("return document.documentElement.lang") == "en-US")


def write(browser, name: str, text: str) -> None:
    part = browser.part(name)
    field = part if part.tag_name in ("input", "textarea") else part.find_element(By.CSS_SELECTOR, "input, textarea")
    browser.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", field)
    field.send_keys(text)


def follow(browser, element, address: str) -> None:
    """Click and wait until the URL holds `address`."""
    element.click()
    browser.until(lambda: address in browser.driver.current_url)
    browser.until(lambda: browser.driver.execute_script("return document.readyState === 'complete' && !!document.querySelector('h1')"))


def second_reader(regulator) -> str:
    """Add the account `reader` on the settings page; its password, shown once."""
    regulator.open("/settings")
    write(regulator, "account-name", "reader")
    regulator.click("add-account")
    regulator.until(lambda: re.search(r"(\w{4}-){3}\w{4}", regulator.part("password").text))
    found = re.search(r"(\w{4}-){3}\w{4}", regulator.part("password").text)
    assert found
    return found[0]


def test_an_alert_becomes_a_notice_that_arrived(regulator, make_browser, served) -> None:
    in_english(regulator)
    password = second_reader(regulator)
    regulator.open("/")
    first = regulator.until(lambda: regulator.driver.find_elements(By.CSS_SELECTOR, '[data-test="decisions"] li a'))[0]
    follow(regulator, first, "/alerts/A-")
    assert "persons" in regulator.part("claim").text
    assert "http" in regulator.part("decoder-path").text and "gzip" in regulator.part("decoder-path").text
    excerpt = regulator.part("excerpt").text
    assert "110*************2X" in excerpt and "<img src=x onerror=window.hacked=2>" in excerpt
    assert regulator.driver.execute_script("return window.hacked") is None
    assert len(regulator.driver.find_elements(By.CSS_SELECTOR, '[data-test="why"] li')) == 4
    regulator.picture("alert-en")
    regulator.click("open-incident")
    regulator.until(lambda: "/incidents/I-" in regulator.driver.current_url)
    assert "left" in regulator.part("clock").text, "the house limit runs from the incident's opening"
    regulator.picture("incident-en")
    write(regulator, "reason", "seen and confirmed")
    regulator.click("to-review")
    regulator.until(lambda: "Under review" in regulator.part("state").text)
    regulator.click("draft")
    regulator.until(lambda: "/notices/N-" in regulator.driver.current_url)
    notice = regulator.driver.current_url.removeprefix(served.address)
    number = notice.rsplit("/", 1)[1]
    regulator.part("missing-remedy")
    for field, zh, en in (
        ("remedy", "已要求停止传输。", "The transfer was asked to stop."),
        ("contact", "值班电话见函", "Duty officer, see letterhead"),
    ):
        write(regulator, f"field-{field}-zh", zh)
        write(regulator, f"field-{field}-en", en)
    regulator.picture("notice-draft-en")
    regulator.click("save")
    regulator.until(lambda: not regulator.driver.find_elements(By.CSS_SELECTOR, '[data-test^="missing-"]'))
    assert regulator.part("own").is_displayed(), "who drafted may not sign"
    assert not regulator.driver.find_elements(By.CSS_SELECTOR, '[data-test="sign"]')
    assert regulator.complaints() == []

    reader = make_browser()
    reader.sign_in("reader", password)
    in_english(reader)
    reader.open(notice)
    reader.click("sign")
    reader.until(lambda: reader.driver.find_elements(By.CSS_SELECTOR, '[data-test="send"]'), 40)
    pdf = "const done = arguments[1]; fetch(arguments[0]).then(r => r.arrayBuffer()).then(b => done(String.fromCharCode(...new Uint8Array(b.slice(0, 5)))))"
    assert reader.driver.execute_async_script(pdf, f"/api/notices/{number}/zh.pdf") == "%PDF-"
    write(reader, "address", "holder@example.com")
    reader.click("send")
    reader.until(lambda: reader.part("delivery-state").get_attribute("data-state") == "sent", 30)
    assert "made-up-receipt-1" in reader.part("receipt").text
    reader.picture("notice-sent-en")
    assert reader.complaints() == []
    mail = email.message_from_bytes(served.mails[-1])
    assert number in str(mail["Subject"]) + served.mails[-1].decode("utf-8", "replace")
    assert [part.get_content_type() for part in mail.walk()].count("application/pdf") == 2


def test_a_campaign_is_drawn_judged_and_says_what_it_does_not_know(regulator) -> None:
    in_english(regulator)
    regulator.open("/sampling")
    write(regulator, "campaign-name", "first look")
    for stratum in ("flagged", "unflagged"):
        write(regulator, f"campaign-{stratum}", Keys.BACKSPACE * 3 + "3")
    regulator.click("create")
    regulator.until(lambda: "/sampling/S-" in regulator.driver.current_url)
    regulator.click("draw")
    regulator.until(lambda: regulator.driver.find_elements(By.CSS_SELECTOR, '[data-test="judge-lawful"]'))
    buttons = '[data-test="judge-{}"]'
    for place in range(6):
        verdict = "violation" if place == 0 else "lawful"
        button = regulator.driver.find_elements(By.CSS_SELECTOR, buttons.format(verdict))[place]
        regulator.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", button)
        button.click()
        regulator.until(lambda button=button: "on" in button.get_attribute("class").split())
    regulator.click("close")
    regulator.until(lambda: not regulator.driver.find_elements(By.CSS_SELECTOR, '[data-test="close"]'))
    assert "95.0% interval" in regulator.part("rate").text and "6 of 6 judged" in regulator.part("progress").text
    assert "says nothing about" in regulator.text()
    regulator.picture("campaign-en")
    assert regulator.complaints() == []
