"""Makes the dbt project of the business that CONCORD_PROJECT names, in CONCORD_HOME, to check its models."""

from concord import registry
from concord.settings import read_settings
from concord.stages.reconcile.root_project import dbt_folder

if __name__ == "__main__":
    dbt_folder(read_settings(), registry.systems())
