# The hub. Built from the repository's root: docker build -f images/hub.Dockerfile -t farwatch-hub .
# What goes in is what uv.lock pins, by hash; /opt/farwatch/sbom.json lists it. At run time nothing is fetched, and nothing is
# written but under /var/lib/farwatch.
ARG PYTHON=python:3.11-slim-bookworm

FROM ${PYTHON} AS build
ARG UV_VERSION=0.13.8
ENV UV_PROJECT_ENVIRONMENT=/opt/farwatch \
    UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy \
    UV_PYTHON_DOWNLOADS=never
RUN python -m venv /opt/uv && /opt/uv/bin/pip install --quiet --no-cache-dir uv==${UV_VERSION}
WORKDIR /src
COPY pyproject.toml uv.lock README.md LICENSE ./
# What changes seldom first: a new line of ours does not fetch everything again.
RUN /opt/uv/bin/uv sync --quiet --frozen --no-dev --all-extras --no-install-project
COPY src src
COPY charts charts
RUN /opt/uv/bin/uv sync --quiet --frozen --no-dev --all-extras --no-editable
RUN /opt/uv/bin/uv export --quiet --frozen --no-dev --all-extras --format cyclonedx1.5 --output-file /opt/farwatch/sbom.json \
    && rm /opt/farwatch/.lock
RUN mkdir -p /var/lib/farwatch

FROM ${PYTHON}
LABEL org.opencontainers.image.title="farwatch-hub" \
      org.opencontainers.image.description="Watches, alerts on and steers fleets of Kubernetes clusters" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/farwatch /opt/farwatch
COPY --from=build --chown=65532:65532 /var/lib/farwatch /var/lib/farwatch
ENV PATH=/opt/farwatch/bin:$PATH \
    HOME=/var/lib/farwatch \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
# A number, so that Kubernetes can see that it is not root.
USER 65532:65532
WORKDIR /var/lib/farwatch
VOLUME /var/lib/farwatch
EXPOSE 8080
ENTRYPOINT ["farwatch"]
CMD ["hub", "--data", "/var/lib/farwatch", "--listen", "0.0.0.0:8080"]
