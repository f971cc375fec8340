"""The host rule against the ways a host has been smuggled past such rules before."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ml_connector.hosts import host_fault, tidy_allowed

GOOD = [
    ("workday", "https://wd2-impl-services1.workday.com"),
    ("workday", "https://wd5.myworkday.com/ccx/service/acme1/Human_Resources/v45.0"),
    ("workday", "https://WD2-IMPL-SERVICES1.WORKDAY.COM:443"),
    ("plex", "https://cloud.plex.com/api"),
    ("plex", "https://connect.plex.com"),
    ("plex", "https://api.plexonline.com/DataSource/Service.asmx"),
    ("plex", "http://127.0.0.1:41002/api"),
    ("plex", "http://localhost:41002"),
    ("plex", "https://[::1]:8443/x"),
    ("plex", "https://gateway.example.com:8443/plex"),
]

HOSTILE = [
    "",
    "https://",
    "https:///path",
    "//cloud.plex.com",
    "cloud.plex.com",
    "http://cloud.plex.com",
    "ftp://cloud.plex.com",
    "file:///etc/passwd",
    "gopher://cloud.plex.com",
    "javascript://cloud.plex.com",
    "ftp://127.0.0.1",
    "https://plex.com",
    "https://plex.com.evil.tld",
    "https://cloud.plex.com.evil.tld",
    "https://evilplex.com",
    "https://cloud-plex.com",
    "https://cloud.plex.co",
    "https://cloud.plex.com.",
    "https://cloud.plex.com..",
    "https://cloud..plex.com",
    "https://.plex.com",
    "https://-x.plex.com",
    "https://x-.plex.com",
    "https://a_b.plex.com",
    "https://*.plex.com",
    "https://user@cloud.plex.com",
    "https://user:password@cloud.plex.com",
    "https://@cloud.plex.com",
    "https://cloud.plex.com@evil.tld",
    "https://cloud.plex.com:443@evil.tld",
    "https://evil.tld#.plex.com",
    "https://evil.tld#@cloud.plex.com",
    "https://evil.tld?.plex.com",
    "https://evil.tld/.plex.com",
    "https://evil.tld;.plex.com",
    "https://evil.tld\\.plex.com",
    "https://evil.tld\\@cloud.plex.com",
    "https:\\\\cloud.plex.com",
    "https://evil.tld%2f.plex.com",
    "https://evil.tld%00.plex.com",
    "https://cloud%2eplex.com",
    "https://cloud.plex.com%2eevil.tld",
    "https://evil.tld\t.plex.com",
    "https://evil.tld\n.plex.com",
    "https://cloud.plex.com\r\nHost: evil.tld",
    "https://cloud.plex.com/a\r\nX: y",
    "https://cloud.plex.com/a b",
    " https://cloud.plex.com",
    "https://cloud.plex.com ",
    "\x00https://cloud.plex.com",
    "https://evil.tld\x00.plex.com",
    "https://cloud.plex.com:80",
    "https://cloud.plex.com:22",
    "https://cloud.plex.com:0",
    "https://cloud.plex.com:99999",
    "https://cloud.plex.com:4４3",
    "https://cloud.plex.com:443:443",
    "https://cloud.рlex.com",
    "https://cloud.plex。com",
    "https://cloud.ple\u00adx.com",
    "https://ｃloud.plex.com",
    "https://wd2.wor\u212aday.com",
    "https://xn--cloud-plex.evil.tld",
    "https://cloud.plex.com/?next=1",
    "https://cloud.plex.com/#frag",
    "https://10.0.0.5",
    "https://192.168.1.1",
    "https://172.16.0.1",
    "https://169.254.169.254",
    "https://100.64.0.1",
    "https://0",
    "https://0.0.0.0",
    "http://0.0.0.0",
    "https://2130706433",
    "https://0x7f000001",
    "https://017700000001",
    "https://127.1",
    "https://127.0.0.2",
    "http://127.0.0.1.nip.io",
    "http://127.0.0.1.evil.tld",
    "https://0251.0376.0251.0376",
    "https://0xA9FEA9FE",
    "https://8.8.8.8",
    "https://[::]",
    "https://[::ffff:169.254.169.254]",
    "https://[::ffff:127.0.0.1]",
    "https://[0:0:0:0:0:0:0:1]",
    "https://[fe80::1%25eth0]",
    "https://[fd00::1]",
    "https://[::1",
    "https://localhost.evil.tld",
    "https://localhost@evil.tld",
    "http://gateway.example.com",
    "https://sub.gateway.example.com",
    "https://gateway.example.com.",
]


@pytest.mark.parametrize(("system", "url"), GOOD)
def test_the_vendors_own_hosts_loopback_and_exact_extra_names_pass(system: str, url: str) -> None:
    assert host_fault(url, system=system, allow=("gateway.example.com",)) is None


@pytest.mark.parametrize("system", ["plex", "workday"])
@pytest.mark.parametrize("url", HOSTILE)
def test_f12_hostile_hosts_are_refused(url: str, system: str, tally: Callable[..., None]) -> None:
    fault = host_fault(url, system=system, allow=("gateway.example.com",))
    assert fault
    tally(f"F12 hostile hosts, as an address of {system}", strings=1, refused=int(bool(fault)), bypasses=int(not fault))


NEVER_MATCHING = {
    "": "empty",
    "  ": "empty",
    "https://gateway.example.com": "write gateway.example.com",
    "gateway.example.com/plex": "write gateway.example.com",
    "gateway.example.com:8443": "write gateway.example.com, of which any port",
    "gateway.example.com:0": "write gateway.example.com, of which any port",
    "gateway.example.com.": "write gateway.example.com",
    "*.example.com": "wildcard",
    ".example.com": "plain host name",
    "gateway .example.com": "plain host name",
    " gateway.example.com": "plain host name",
    "gate_way.example.com": "plain host name",
    "x" * 64 + ".example.com": "plain host name",
    "gateway\\.example.com": "more than a host's name",
    "g\u00e4teway.example.com": "write xn--gteway-bua.example.com",
    "wor\u212aday.example.com": "write workday.example.com",
    "fd00::1": "IPv6",
    "[fd00::1]": "IPv6",
    "0x7f000001": "odd notation",
    "2130706433": "odd notation",
    "127.1": "odd notation",
    "0251.0376.0251.0376": "odd notation",
    "8.8.8.8.": "write 8.8.8.8",
    "169.254.169.254": "never called",
    "10.0.0.5": "never called",
}


@pytest.mark.parametrize("entry", NEVER_MATCHING)
def test_f12_a_name_that_could_never_match_is_not_allowed_but_refused(entry: str) -> None:
    with pytest.raises(ValueError, match=NEVER_MATCHING[entry]):
        tidy_allowed(entry)


def test_f12_a_user_name_in_an_allowed_host_is_not_repeated() -> None:
    with pytest.raises(ValueError, match="user name") as refused:
        tidy_allowed("https://me:pa55word@gateway.example.com")
    assert "pa55" not in str(refused.value)


def test_an_allowed_host_matches_in_any_case_and_one_that_passes_can_be_called() -> None:
    for entry in ("GATEWAY.Example.com", "8.8.8.8", "xn--gteway-bua.example.com", "localhost", "gateway"):
        name = tidy_allowed(entry)
        assert host_fault(f"https://{entry}:8443/x", system="plex", allow=(name,)) is None


@pytest.mark.parametrize("url", ["http://169.254.169.254", "https://169.254.169.254/latest", "https://10.0.0.5"])
def test_f12_a_metadata_address_is_never_called_and_no_remedy_says_otherwise(url: str) -> None:
    fault = host_fault(url, system="plex", allow=("169.254.169.254", "10.0.0.5"))
    assert fault is not None
    assert "never called" in fault
    assert "goes under" not in fault


@pytest.mark.parametrize("url", ["https://gateway.example.com:0", "http://127.0.0.1:0/x"])
def test_f12_port_0_is_none(url: str) -> None:
    assert "port 0" in str(host_fault(url, system="plex", allow=("gateway.example.com",)))


def test_one_vendors_host_is_not_the_others() -> None:
    assert host_fault("https://cloud.plex.com", system="workday")
    assert host_fault("https://wd2.workday.com", system="plex")


def test_the_table_is_long_enough_to_mean_something() -> None:
    assert len(set(HOSTILE)) >= 60
