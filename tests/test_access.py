"""Who can read what: the hash key."""

import pytest

from dagster_project.load.hash_key import HashKeyError, key_path, key_warning, read_hash_key


def test_an_installation_makes_a_key_of_its_own_and_says_so(tmp_path) -> None:
    key = read_hash_key(tmp_path, {})
    assert len(key) == 64
    assert read_hash_key(tmp_path, {}) == key
    assert key_path(tmp_path).stat().st_mode & 0o777 == 0o600
    assert key_path(tmp_path).parent.stat().st_mode & 0o777 == 0o700
    assert "AFTERSALES_HASH_KEY is not set" in str(key_warning(tmp_path, {}))


def test_a_key_file_that_others_can_read_is_closed_and_told(tmp_path, caplog) -> None:
    key = read_hash_key(tmp_path, {})
    key_path(tmp_path).chmod(0o644)
    assert read_hash_key(tmp_path, {}) == key
    assert key_path(tmp_path).stat().st_mode & 0o777 == 0o600
    assert "open to others (644)" in caplog.text
    assert key not in caplog.text


def test_a_key_that_could_be_guessed_is_refused_without_telling_it(tmp_path) -> None:
    with pytest.raises(HashKeyError) as refused:
        read_hash_key(tmp_path, {"AFTERSALES_HASH_KEY": "guess me"})
    assert "guess me" not in str(refused.value)
    read_hash_key(tmp_path, {})
    key_path(tmp_path).write_text("")
    with pytest.raises(HashKeyError, match="holds no key"):
        read_hash_key(tmp_path, {})


def test_a_key_from_the_environment_leaves_no_file_and_needs_no_warning(tmp_path) -> None:
    environment = {"AFTERSALES_HASH_KEY": "0123456789abcdef0123456789abcdef"}
    assert read_hash_key(tmp_path, environment) == environment["AFTERSALES_HASH_KEY"]
    assert key_warning(tmp_path, environment) is None
    assert not key_path(tmp_path).exists()
