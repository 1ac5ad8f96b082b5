"""How a request's body may be packed."""

import pytest

from proxy_addon.asked import BadRequest, read_head
from proxy_addon.request_codings import must_be_known


@pytest.mark.parametrize("value", [b"gzip", b" GZIP ", b"x-gzip", b"deflate", b"identity", b""])
def test_what_apps_send_goes_on(value: bytes) -> None:
    must_be_known(read_head([(b"Content-Encoding", value)]))


@pytest.mark.parametrize("value", [b"br", b"zstd", b"gzip, gzip", b"gzip,br", b"compress", b"gzip\x00"])
def test_anything_else_is_refused(value: bytes) -> None:
    with pytest.raises(BadRequest) as refused:
        must_be_known(read_head([(b"Content-Encoding", value)]))
    assert refused.value.status == 415


def test_two_fields_are_one_too_many() -> None:
    with pytest.raises(BadRequest):
        must_be_known(read_head([(b"Content-Encoding", b"gzip"), (b"content-encoding", b"gzip")]))
