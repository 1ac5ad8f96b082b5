# One image for all three of our services (docker-compose.yml). Debian slim, since wheels for musl are missing (ADR 12).
# Nothing is built from source and nothing is fetched at run time: every package is a wheel whose hash is in the lock.
ARG PYTHON=python:3.13.14-slim-bookworm

FROM ${PYTHON} AS packages
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_NO_INPUT=1
RUN python -m venv /opt/venv
COPY requirements.lock /tmp/requirements.lock
RUN /opt/venv/bin/python -m pip install --require-hashes --only-binary=:all: --no-deps -r /tmp/requirements.lock \
 && /opt/venv/bin/python -m pip check
WORKDIR /opt/schoolgate
COPY . .
# The project itself is not built: its folder is on the path, and the command is two lines (as in tools/venv).
# The containers run read-only, so the compiled files are made here and never checked again.
RUN echo /opt/schoolgate > "$(/opt/venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/schoolgate.pth" \
 && printf '#!/bin/sh\nexec /opt/venv/bin/python -P -m schoolgate "$@"\n' > /opt/venv/bin/schoolgate \
 && chmod 0755 /opt/venv/bin/schoolgate \
 && /opt/venv/bin/python -m pip uninstall --yes pip \
 && python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/venv/lib /opt/schoolgate

FROM ${PYTHON}
RUN groupadd --gid 10001 schoolgate \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin schoolgate \
 && install -d -m 0700 -o 10001 -g 10001 /var/lib/schoolgate /var/lib/schoolgate/bundle /var/lib/schoolgate/ca \
    /var/lib/schoolgate/enrolment /var/lib/schoolgate/illegal /var/lib/schoolgate/journal /var/lib/schoolgate/keys \
    /var/lib/schoolgate/lists /var/lib/schoolgate/tls
COPY --from=packages /opt/venv /opt/venv
COPY --from=packages /opt/schoolgate /opt/schoolgate
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 SCHOOLGATE_STATE=/var/lib/schoolgate
WORKDIR /opt/schoolgate
USER 10001:10001
ENTRYPOINT ["schoolgate"]
CMD ["--help"]
