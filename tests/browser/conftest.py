"""The pages as a stranger gets them: the real command over a data directory, a real Chromium in front."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from aiosmtpd.controller import Controller
from selenium import webdriver
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "build" / "pictures"
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1440,900",
    "--hide-scrollbars",
    "--disable-dev-shm-usage",
)
SETTINGS = """
permissions = "{root}/deploy/demo/permissions.toml"
[sensor]
lines = "{root}/deploy/demo/lines.toml"
[dashboards]
unit = "测试单位"
[smtp]
host = "127.0.0.1"
port = {smtp}
sender = "guankou@example.org"
security = "none"
"""


class Served(NamedTuple):
    """A running web process."""

    address: str
    password: str  # of the account `regulator`, as printed on the first run
    mails: list[bytes]
    started_s: float  # from the start to the first answer
    home: Path  # its home directory


def free_port() -> int:
    """A port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Mailbox:
    """An SMTP server's hands: keeps what comes."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []

    async def handle_DATA(self, server: object, session: object, envelope: object) -> str:  # noqa: ARG002, N802
        self.mails.append(envelope.content)  # type: ignore[attr-defined]
        return "250 kept as made-up-receipt-1"


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The command `guankou dashboards` over made-up records, one filter of which is slow, with a mail server beside it; stopped at the end."""
    if CHROMIUM is None or DRIVER is None:
        pytest.skip("no chromium and chromedriver")
    folder = tmp_path_factory.mktemp("served")
    mailbox, port, smtp = Mailbox(), free_port(), free_port()
    mail = Controller(mailbox, hostname="127.0.0.1", port=smtp)
    mail.start()
    (folder / "guankou.toml").write_text(SETTINGS.format(root=ROOT, smtp=smtp), "utf-8")
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "GUANKOU_SETTINGS": str(folder / "guankou.toml"), "PYTHONPATH": str(ROOT)}
    subprocess.run(
        [sys.executable, "tests/browser/made_records.py", str(folder / "data")], cwd=ROOT, env=environment, check=True, timeout=120
    )
    command = [sys.executable, "tests/browser/slow_store.py", "dashboards", "--data", str(folder / "data"), "--port", str(port)]
    begun, out = time.monotonic(), folder / "out.txt"
    with out.open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        address = f"http://127.0.0.1:{port}"
        started = _wait_for(address, process, out, begun)
        password = re.search(r"password\s+(\S+)", out.read_text("utf-8"))
        assert password, out.read_text("utf-8")
        yield Served(address, password[1], mailbox.mails, started, folder)
    finally:
        process.terminate()
        process.wait(20)
        mail.stop()
    assert "Traceback" not in out.read_text("utf-8"), out.read_text("utf-8")[-6000:]


def _wait_for(address: str, process: subprocess.Popen[bytes], out: Path, begun: float) -> float:
    """Seconds until the process answers; its output where it does not."""
    while time.monotonic() - begun < 120:
        assert process.poll() is None, out.read_text("utf-8")
        try:
            with urllib.request.urlopen(address + "/health", timeout=2):
                return time.monotonic() - begun
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise AssertionError(out.read_text("utf-8"))


class Browser:
    """One Chromium with its own profile, at 1440 × 900."""

    def __init__(self, served: Served, profile: Path) -> None:
        options = Options()
        options.binary_location = str(CHROMIUM)
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        options.add_experimental_option("prefs", {"download.default_directory": str(profile / "downloads")})
        self.driver = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
        size = {"width": 1440, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        self.served = served

    def open(self, path: str) -> None:
        """Go to a page and wait until its live connection stands."""
        self.driver.get(self.served.address + path)
        self.until(lambda: self.driver.execute_script("return document.readyState === 'complete' && !!document.querySelector('h1')"))

    def until(self, true: Callable[[], object], seconds: float = 20) -> object:
        """Wait for something, without sleeping longer than needed."""
        ignored = (StaleElementReferenceException, NoSuchElementException)  # a page redraws itself while it is looked at
        return WebDriverWait(self.driver, seconds, 0.1, ignored).until(lambda _: true())

    def part(self, name: str) -> WebElement:
        """The element marked data-test=name, once it is there."""
        self.until(lambda: self.driver.find_elements(By.CSS_SELECTOR, f'[data-test="{name}"]'))
        return self.driver.find_element(By.CSS_SELECTOR, f'[data-test="{name}"]')

    def click(self, name: str) -> None:
        """Click a part once the page is live: a click before that would be lost."""
        self.until(lambda: self.driver.execute_script("return !!(window.socket && window.socket.connected)"))
        part = self.part(name)
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", part)
        part.click()

    def texts(self, selector: str) -> list[str]:
        """What the elements say, read in one go."""
        script = "return [...document.querySelectorAll(arguments[0])].map((one) => one.innerText)"
        return list(self.driver.execute_script(script, selector))

    def text(self) -> str:
        """All that can be read."""
        return str(self.driver.execute_script("return document.body.innerText"))

    def complaints(self) -> list[str]:
        """What the browser complained of since last asked."""
        return [line["message"] for line in self.driver.get_log("browser") if line["level"] == "SEVERE"]

    def picture(self, name: str) -> None:
        """A screenshot for people, below build/."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.driver.save_screenshot(str(PICTURES / f"{name}.png"))

    def sign_in(self, name: str, password: str) -> None:
        """Through the form, as a person."""
        self.open("/sign-in")
        self.driver.find_element(By.ID, "name").send_keys(name)
        self.driver.find_element(By.ID, "password").send_keys(password)
        self.driver.find_element(By.CSS_SELECTOR, "button.primary").click()


@pytest.fixture
def make_browser(served: Served, tmp_path: Path) -> Iterator[Callable[[], Browser]]:
    """Browsers of different persons; all closed at the end."""
    made: list[Browser] = []

    def make() -> Browser:
        made.append(Browser(served, tmp_path / f"profile-{len(made)}"))
        return made[-1]

    yield make
    for browser in made:
        browser.driver.quit()


@pytest.fixture
def regulator(make_browser: Callable[[], Browser], served: Served) -> Browser:
    """A browser in which the first account is signed in, its pages in English, once records and alerts have come."""
    browser = make_browser()
    browser.sign_in("regulator", served.password)
    browser.until(lambda: browser.driver.current_url.rstrip("/") == served.address)
    browser.until(lambda: browser.driver.find_elements(By.CSS_SELECTOR, '[data-test="decisions"] li'), 60)
    return browser
