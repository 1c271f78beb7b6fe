"""The table `policy_results`."""

import pandera.pandas as pa

from thoughtmill.schemas.fields import Real, Text, Whole


class PolicyResults(pa.DataFrameModel):
    """One row per run, test set and policy: how often it is right, and at what cost."""

    run: Text = pa.Field(description="the run of inference whose samples it decides on")
    base: Text = pa.Field(description="the name of the base that its adapters are on")
    training_seed: Whole = pa.Field(ge=0, description="the seed that its adapters were trained with")
    data_version: Text = pa.Field(description="the data version that its adapters were trained on")
    test_set: Text = pa.Field(description="the problems: problem set and split")
    policy: Text = pa.Field(description="the policy by its name in `train.policies`")
    problems: Whole = pa.Field(gt=0, description="problems decided")
    accuracy: Real = pa.Field(ge=0, le=1, description="share of problems answered right")
    low: Real = pa.Field(ge=0, le=1, description="lower end of its 95 % interval, Wilson's over problems")
    high: Real = pa.Field(ge=0, le=1, description="upper end of its 95 % interval")
    resolved: Real = pa.Field(
        ge=0, le=1, description="share of problems in which the policy found the agreement it looks for"
    )
    accuracy_resolved: Real = pa.Field(
        nullable=True, ge=0, le=1, description="share of these answered right; null when there are none"
    )
    mean_rounds: Real = pa.Field(ge=0, description="rounds per problem, or samples, or roles in a cascade")
    mean_new_tokens: Real = pa.Field(ge=0, description="tokens drawn per problem")

    class Config:
        name = "policy_results"
        strict = True
        ordered = True
        unique = ["run", "test_set", "policy"]  # noqa: RUF012  pandera reads a plain class attribute
