"""The job titles of people: a fact that Concord knows nothing of, until a business adds it."""

from sandbox.world.draw import Settings, random_for

TITLES = ("Head of purchasing", "Buyer", "Managing director", "Office manager", "Accountant", "Engineer")


def job_title(settings: Settings, index: int) -> str:
    """What the person does, as those say who wrote it down last."""
    return random_for(settings, "job-title", index).choice(TITLES)


def crm_job_title(settings: Settings, index: int) -> str | None:
    """What a CRM says: of every eighth person something else, of every tenth nothing."""
    random = random_for(settings, "crm-job-title", index)
    if random.random() < 0.1:
        return None
    is_other = random.random() < 0.125
    said = random.choice([title for title in TITLES if title != job_title(settings, index)])
    return said if is_other else job_title(settings, index)
