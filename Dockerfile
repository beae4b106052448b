# syntax=docker/dockerfile:1

# -- build: one wheel, with the migrations inside ------------------------------------------
FROM python:3.11-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY migrations ./migrations
COPY syncd ./syncd
RUN pip wheel --no-cache-dir --wheel-dir /wheels .

# -- run -----------------------------------------------------------------------------------
FROM python:3.11-slim
LABEL org.opencontainers.image.title="syncd" \
      org.opencontainers.image.licenses="MIT"

RUN --mount=type=bind,from=build,source=/wheels,target=/wheels \
    pip install --no-cache-dir --no-index --find-links /wheels syncd \
    && useradd --system --uid 10001 --home-dir /var/lib/syncd --create-home syncd

# /etc/syncd: the configuration, mounted read-only. /var/lib/syncd: the state, a volume.
ENV PYTHONUNBUFFERED=1 \
    SYNCD_CONFIG=/etc/syncd/syncd.yaml \
    SYNCD_STORE=sqlite:////var/lib/syncd/syncd.db
VOLUME /var/lib/syncd
WORKDIR /var/lib/syncd
USER syncd

# The daemon stops by itself within 30 s of SIGTERM, at a safe place.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=60s --timeout=20s --start-period=120s --retries=3 \
    CMD ["syncd", "status", "--check"]

ENTRYPOINT ["syncd"]
CMD ["run"]
