"""The envelope opens for exactly what was sealed, where it was sealed (trust A3, F8)."""

import itertools

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.vault import crypto

KEY = bytes(range(32))
CONTEXT = ("credential", "acme", "plex", "client_secret", 1)


def sealed_with(context=CONTEXT, plaintext=b"correct horse", key_id="k1"):
    return crypto.seal(plaintext, key=KEY, key_id=key_id, context=context)


def is_rejected(sealed, *, key=KEY, context=CONTEXT):
    with pytest.raises(crypto.Rejected) as caught:
        crypto.unseal(sealed, key=key, context=context)
    return str(caught.value) == "sealed value rejected" and caught.value.__cause__ is None


@given(st.binary(max_size=300), st.lists(st.text() | st.integers(), max_size=5))
def test_what_was_sealed_opens(plaintext, context):
    sealed = crypto.seal(plaintext, key=KEY, key_id="k1", context=context)
    assert crypto.unseal(sealed, key=KEY, context=context) == plaintext


def test_f8_every_bit_flip_of_nonce_and_ciphertext_is_rejected_alike():
    sealed = sealed_with()
    flips = 0
    for name in ("nonce", "ciphertext"):
        stored = getattr(sealed, name)
        for bit in range(len(stored) * 8):
            changed = bytearray(stored)
            changed[bit // 8] ^= 1 << bit % 8
            assert is_rejected(msgspec.structs.replace(sealed, **{name: bytes(changed)}))
            flips += 1
    assert flips == 8 * (12 + 13 + 16)


@pytest.mark.parametrize("change", [{"format": 2}, {"alg": "A128GCM"}, {"key_id": "k2"}, {"nonce": b"\0" * 16}])
def test_every_other_field_is_bound_too(change):
    assert is_rejected(msgspec.structs.replace(sealed_with(), **change))


def test_every_truncation_is_rejected():
    sealed = sealed_with()
    for length in range(len(sealed.ciphertext)):
        assert is_rejected(msgspec.structs.replace(sealed, ciphertext=sealed.ciphertext[:length]))


def test_another_key_is_rejected():
    assert is_rejected(sealed_with(), key=bytes(32))


def test_f8_every_ordered_swap_of_contexts_is_rejected():
    contexts = list(itertools.product(["acme", "beta"], ["workday", "plex"], ["username", "password"], [1, 2]))
    for here, there in itertools.permutations(contexts, 2):
        assert is_rejected(sealed_with(here), context=there)


@given(st.lists(st.text() | st.integers()), st.lists(st.text() | st.integers()))
def test_no_two_lists_bind_alike(one, other):
    assert (crypto.bind(one) == crypto.bind(other)) == ([(type(x), x) for x in one] == [(type(x), x) for x in other])


def test_moving_a_letter_across_a_boundary_is_seen():
    assert crypto.bind(("ab", "c")) != crypto.bind(("a", "bc"))
    assert crypto.bind(("1",)) != crypto.bind((1,))


def test_nonces_do_not_repeat():
    assert len({sealed_with().nonce for _ in range(20_000)}) == 20_000


def test_derived_keys_differ_by_label_and_material():
    keys = {crypto.derive(material, label=label) for material in (KEY, bytes(32)) for label in ("a", "b", "ab")}
    assert len(keys) == 6
    assert all(len(key) == 32 for key in keys)
