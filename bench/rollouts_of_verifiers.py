"""The half of `bench.rollouts` that runs where `verifiers` is installed: a task, its reward and an agent."""

import asyncio
import json
import sys

import httpx
import verifiers.v1 as vf
from verifiers.v1.harnesses.null import NullHarness
from verifiers.v1.runtimes import SubprocessConfig

from tests.fake_endpoint import FakeEndpoint, Turn
from thoughtmill.rewards import correct_rollout


class MathData(vf.TaskData):
    """A row of the export `rl`."""

    solution: str
    thought: str
    answer_kind: str


class MathTask(vf.Task[MathData]):
    """A problem whose reward is 1 for the gold answer."""

    @vf.reward
    async def correct(self, trace: vf.Trace) -> float:
        """Return our reward of the last reply; solving it must not hold up other rollouts."""
        info = {"thought": self.data.thought, "answer_kind": self.data.answer_kind}
        return await asyncio.to_thread(correct_rollout, trace.last_reply, self.data.solution, info)


class OneTurn(NullHarness):
    """Asks the model once, in this process; verifiers' own harness would first install a program."""

    async def setup(self, runtime: vf.Runtime) -> None:
        """Prepare nothing."""

    async def launch(self, ctx, trace, runtime, endpoint, secret, mcp_urls, data, tool_interception_url=None):  # type: ignore[no-untyped-def] # as verifiers declares it
        """Send the prompt through verifiers' interception server, which records the reply in the trace."""
        body = {"model": ctx.model, "messages": [{"role": "user", "content": data.prompt}]}
        async with httpx.AsyncClient(timeout=60) as client:
            reply = await client.post(
                f"{endpoint}/chat/completions", json=body, headers={"Authorization": f"Bearer {secret}"}
            )
            reply.raise_for_status()
        return vf.ProgramResult(0, "", "")


def answer(prompt: str, times: int) -> Turn:
    """Answer as a chain or a program, right where the first number is even."""
    del times
    a, b = (int(word) for word in prompt.split() if word.isdigit())
    right = a * b if a % 2 == 0 else a + b + 1
    text = f"ans = {right}" if "program" in prompt else f"{a} * {b} = {right}\n#### {right}"
    message = {"role": "assistant", "content": text}
    reply = {
        "id": "bench", "object": "chat.completion", "created": 0, "model": "bench",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 10, "total_tokens": 20},
    }  # fmt: skip
    return Turn(body=json.dumps(reply).encode())


async def rollouts(problems: int) -> list[dict[str, object]]:
    """Run a rollout per problem; return the reward of each and the one that it should have."""
    shown = []
    with FakeEndpoint(answer) as endpoint:
        client = vf.EvalClientConfig(base_url=endpoint.url, api_key_var="THOUGHTMILL_BENCH_KEY")
        agent = vf.Agent(vf.AgentConfig(
            model="bench", client=client, runtime=SubprocessConfig(), harness={"id": "null"}
        ))  # fmt: skip
        agent.harness = OneTurn(agent.harness.config)
        for number in range(problems):
            thought = "pot" if number % 4 > 1 else "cot"
            how = "a program" if thought == "pot" else "steps"
            prompt = f"A crate holds {number + 2} rows of {number + 5} jars. How many? Write {how} ."
            solution = str((number + 2) * (number + 5))
            data = MathData(prompt=prompt, solution=solution, thought=thought, answer_kind="number")
            trace = await agent.run(MathTask(data))
            if trace.has_error:
                raise SystemExit(str(trace.last_error))
            shown.append({"problem": number, "thought": thought, "reply": trace.last_reply,
                          "reward": trace.reward, "wanted": float(number % 2 == 0)})  # fmt: skip
    return shown


if __name__ == "__main__":
    import os

    os.environ.setdefault("THOUGHTMILL_BENCH_KEY", "none")
    print(json.dumps(asyncio.run(rollouts(int(sys.argv[1])))))
