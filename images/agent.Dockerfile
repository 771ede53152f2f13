# The agent. Built from the repository's root: docker build -f images/agent.Dockerfile -t farwatch-agent .
# What goes in is what uv.lock pins, by hash; /opt/farwatch/sbom.json lists it. At run time nothing is fetched or written.
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
RUN /opt/uv/bin/uv sync --quiet --frozen --no-dev --no-install-project
COPY src src
COPY charts charts
RUN /opt/uv/bin/uv sync --quiet --frozen --no-dev --no-editable
RUN /opt/uv/bin/uv export --quiet --frozen --no-dev --format cyclonedx1.5 --output-file /opt/farwatch/sbom.json \
    && rm /opt/farwatch/.lock

FROM ${PYTHON}
LABEL org.opencontainers.image.title="farwatch-agent" \
      org.opencontainers.image.description="Watches a Kubernetes cluster and reports to a Farwatch hub, which it dials itself" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/farwatch /opt/farwatch
ENV PATH=/opt/farwatch/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
# A number, so that Kubernetes can see that it is not root; nobody's, so that it owns no file.
USER 65532:65532
WORKDIR /
EXPOSE 13133
ENTRYPOINT ["farwatch", "agent"]
