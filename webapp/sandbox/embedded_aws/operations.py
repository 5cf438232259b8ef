"""Stack operations: paced, cancelled by a deletion, and gone on with after a kill.

Each operation's arguments are kept in its stack, and each resource that was made is written into a
journal in the same moment. Both are saved with everything else, so an operation that was cut off
is simply run again: what the journal has is not made twice, and no event is told twice.
"""

import asyncio
from collections.abc import Callable, Coroutine
from threading import Lock
from typing import Any

from ministack.core.responses import set_request_account_id, set_request_region
from ministack.services import cloudformation
from ministack.services.cloudformation import changesets, handlers, stacks

from webapp.sandbox.embedded_aws.resources import wait

Journal = dict[str, tuple[str, dict[str, Any]]]
Deploy = Callable[..., Coroutine[Any, Any, None]]

CANCELLED = "Resource creation cancelled"


class Operations:
    """`lock` is held while a resource changes: who saves the state takes it too."""

    def __init__(self, pace_of: Callable[[str], float]) -> None:
        self.lock = Lock()
        self.journal: Journal = {}
        self._pace_of = pace_of
        self._running: dict[str, asyncio.Lock] = {}
        self._deleting: set[str] = set()
        self._deploy: Deploy = stacks._deploy_stack_async
        self._delete: Deploy = stacks._delete_stack_async
        self._provision = stacks._provision_resource
        self._remove = stacks._delete_resource
        self._add_event = stacks._add_event

    def install(self) -> None:
        stacks._runs_on_worker_thread = lambda _type: True
        stacks._provision_resource = self._paced_provision
        stacks._delete_resource = self._paced_remove
        for module in (stacks, handlers, changesets):
            for name, ours in (
                ("_deploy_stack_async", self._run_deploy),
                ("_delete_stack_async", self._run_delete),
                ("_add_event", self._add_event_once),
            ):
                if hasattr(module, name):
                    setattr(module, name, ours)

    def resume(self) -> None:
        """Run every operation again that a kill has cut off. Call it on the event loop."""
        for (account, region, name), stack in list(cloudformation._stacks._data.items()):
            operation = stack.get("_operation")
            if not operation or not stack["StackStatus"].endswith("_IN_PROGRESS"):
                continue
            set_request_account_id(account)
            set_request_region(region)
            stacks.CLIENT_REQUEST_TOKEN.set(operation["token"])
            run = self._run_delete if operation["kind"] == "delete" else self._run_deploy
            again = run(name, stack["StackId"], *operation["args"], **operation["kwargs"])
            stacks._create_stack_task_in_region(again, stack, stack["StackId"])

    async def _run_deploy(self, name: str, stack_id: str, *args: Any, **kwargs: Any) -> None:
        async with self._running.setdefault(stack_id, asyncio.Lock()):
            self._record("deploy", name, args, kwargs)
            await self._deploy(name, stack_id, *args, **kwargs)
            self._done(name, stack_id)

    async def _run_delete(self, name: str, stack_id: str, *args: Any, **kwargs: Any) -> None:
        """Waits for a deployment that is under way to stop; a second deletion is the first."""
        if stack_id in self._deleting:
            return
        self._deleting.add(stack_id)
        try:
            async with self._running.setdefault(stack_id, asyncio.Lock()):
                retain = [sorted(args[0])] if args else []
                self._record("delete", name, tuple(retain), kwargs)
                await self._delete(name, stack_id, *args, **kwargs)
                self._done(name, stack_id)
        finally:
            self._deleting.discard(stack_id)

    def _record(self, kind: str, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        cloudformation._stacks[name]["_operation"] = {
            "kind": kind,
            "args": list(args),
            "kwargs": kwargs,
            "token": stacks.CLIENT_REQUEST_TOKEN.get(),
        }

    def _done(self, name: str, stack_id: str) -> None:
        stack = cloudformation._stacks.get(name)
        if stack and stack["StackId"] == stack_id:
            stack.pop("_operation", None)

    def _paced_provision(
        self, resource_type: str, logical_id: str, properties: dict[str, Any], name: str
    ) -> tuple[str, dict[str, Any]]:
        stack_id = cloudformation._stacks[name]["StackId"]
        key = f"{stack_id} {logical_id}"
        if key in self.journal:
            physical_id, attributes = self.journal[key]
            return physical_id, attributes
        wait(self._pace_of(resource_type), lambda: stack_id in self._deleting)
        if stack_id in self._deleting:
            raise ValueError(CANCELLED)
        with self.lock:
            made: tuple[str, dict[str, Any]] = self._provision(
                resource_type, logical_id, properties, name
            )
            self.journal[key] = made
        return made

    def _paced_remove(
        self,
        resource_type: str,
        physical_id: str,
        properties: dict[str, Any],
        name: str | None = None,
        logical_id: str | None = None,
    ) -> None:
        wait(self._pace_of(resource_type) / 2, lambda: False)
        with self.lock:
            self._remove(resource_type, physical_id, properties, name, logical_id)
            stack = cloudformation._stacks.get(name) if name else None
            if stack:
                self.journal.pop(f"{stack['StackId']} {logical_id}", None)

    def _add_event_once(
        self,
        stack_id: str,
        name: str,
        logical_id: str,
        resource_type: str,
        status: str,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        token = stacks.CLIENT_REQUEST_TOKEN.get()
        told = (logical_id, status, token)
        events = cloudformation._stack_events.get(stack_id) or []
        if token and any(_told(event) == told for event in events):
            return
        self._add_event(stack_id, name, logical_id, resource_type, status, *args, **kwargs)


def _told(event: dict[str, Any]) -> tuple[str, str, str]:
    return (
        event["LogicalResourceId"],
        event["ResourceStatus"],
        event.get("ClientRequestToken", ""),
    )
