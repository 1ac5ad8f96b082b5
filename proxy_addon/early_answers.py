"""What a site says before its answer (1xx), which mitmproxy takes for the answer; and too many fields."""

import re

from mitmproxy.proxy.layers.http._http1 import Http1Client

from proxy_addon import limits

_EARLY = re.compile(rb"HTTP/1\.[01] 1(?!01)[0-9]{2}[ \r\n]")


def is_too_much(client: Http1Client) -> bool:
    """Takes them away: nobody on this side waits for one (100 we say ourselves). Whether they never end, or
    the head has more fields than are worth reading."""
    if client.request is None:
        return False
    data, known = client.buf._data, client.__dict__
    while _EARLY.match(data) and (end := data.find(b"\r\n\r\n")) >= 0:
        known["early"] = known.get("early", 0) + 1
        client.buf.maybe_extract_at_most(end + 4)
        if known["early"] > limits.EARLY_ANSWERS:
            return True
    end = data.find(b"\r\n\r\n")
    if end >= 0:
        known.pop("early", None)
    return data.count(b"\n", 0, end if end >= 0 else len(data)) > limits.ANSWER_FIELDS
