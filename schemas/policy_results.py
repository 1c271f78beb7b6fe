"""The table `policy_results`."""

from thoughtmill.schemas.fields import Model, Real, Text, Whole


class PolicyResults(Model, name="policy_results", key=("run", "test_set", "policy")):
    """One row per run, test set and policy: how often it is right, and at what cost."""

    run = Text(description="the run of inference whose samples it decides on")
    base = Text(description="the name of the base that its adapters are on")
    training_seed = Whole(ge=0, description="the seed that its adapters were trained with")
    data_version = Text(description="the data version that its adapters were trained on")
    test_set = Text(description="the problems: problem set and split")
    policy = Text(description="the policy by its name in `train.policies`")
    problems = Whole(gt=0, description="problems decided")
    accuracy = Real(ge=0, le=1, description="share of problems answered right")
    low = Real(ge=0, le=1, description="lower end of its 95 % interval, Wilson's over problems")
    high = Real(ge=0, le=1, description="upper end of its 95 % interval")
    resolved = Real(
        ge=0, le=1, description="share of problems in which the policy found the agreement it looks for"
    )
    accuracy_resolved = Real(
        nullable=True, ge=0, le=1, description="share of these answered right; null when there are none"
    )
    mean_rounds = Real(ge=0, description="rounds per problem, or samples, or roles in a cascade")
    mean_new_tokens = Real(ge=0, description="tokens drawn per problem")
