# syntax=docker/dockerfile:1
# One image for every part of a real installation; the same pinned and hashed packages as everywhere else.
# Where packages come from a mirror:  docker build --secret id=pip,src=pip.conf .
ARG PYTHON_VERSION=3.11

FROM python:${PYTHON_VERSION}-slim AS packages
WORKDIR /opt/concord
COPY concord requirements-bootstrap.txt requirements.txt ./
RUN --mount=type=secret,id=pip,target=/etc/pip.conf,required=false \
    UV_NO_CACHE=1 PIP_NO_CACHE_DIR=1 ./concord install

FROM python:${PYTHON_VERSION}-slim
RUN groupadd --gid 10001 concord \
    && useradd --uid 10001 --gid concord --create-home concord \
    && install --directory --owner=concord --group=concord /opt/airflow /opt/airflow/logs /var/lib/concord
WORKDIR /opt/concord
COPY --from=packages /opt/concord/.venv .venv
COPY . .
ENV PATH=/opt/concord/.venv/bin:${PATH} \
    PYTHONUNBUFFERED=1 \
    AIRFLOW_HOME=/opt/airflow \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/concord/dags \
    AIRFLOW__CORE__PLUGINS_FOLDER=/opt/concord/plugins \
    AIRFLOW__CORE__LOAD_EXAMPLES=False \
    AIRFLOW__USAGE_DATA_COLLECTION__ENABLED=False \
    CONCORD_HOME=/var/lib/concord \
    DBT_SEND_ANONYMOUS_USAGE_STATS=false \
    GX_ANALYTICS_ENABLED=false \
    SCARF_ANALYTICS=false
USER concord
CMD ["airflow", "version"]
