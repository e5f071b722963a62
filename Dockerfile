# The application's image: what the locks name, checked by hash, and nothing that only development needs.
FROM python:3.11.15-slim-trixie AS base
ENV PATH=/opt/teekond/bin:$PATH \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONSAFEPATH=1 \
    PYTHONUNBUFFERED=1

FROM base AS build
WORKDIR /build
COPY requirements.build.lock requirements.runtime.lock ./
# Compiled here, since the image is read-only where it runs.
RUN pip install --require-hashes --requirement requirements.build.lock \
    && python -m venv /opt/teekond \
    && /opt/teekond/bin/pip install --compile --require-hashes --requirement requirements.runtime.lock
COPY . .
RUN /usr/local/bin/python -m hatchling build --target wheel --directory /dist \
    && /opt/teekond/bin/pip install --compile --no-deps --no-index /dist/*.whl

FROM base
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin teekond
COPY --from=build /opt/teekond /opt/teekond
USER 10001:10001
WORKDIR /
ENTRYPOINT ["teekond"]
CMD ["--help"]
