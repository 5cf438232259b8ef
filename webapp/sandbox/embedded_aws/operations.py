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
from webapp.sandbox.embedded_aws.switches import Switches

Journal = dict[str, tuple[str, dict[str, Any]]]
Deploy = Callable[..., Coroutine[Any, Any, None]]

CANCELLED = "Resource creation cancelled"


class Operations:
    """`lock` is held while a resource changes: who saves the state takes it too."""

    def __init__(self, pace_of: Callable[[str], float], switches: Switches) -> None:
        self.lock = Lock()
        self.journal: Journal = {}
        self._pace_of = pace_of
        self._switches = switches
        self._running: dict[str, asyncio.Lock] = {}
        self._deleting: set[str] = set()
        self._deploy: Deploy = stacks._deploy_stack_async
        self._delete: Deploy = stacks._delete_stack_async
        self._provision = stacks._provision_resource
        self._remove = stacks._delete_resource
        self._update = stacks._update_resource
        self._add_event = stacks._add_event

    def install(self) -> None:
        stacks._runs_on_worker_thread = lambda _type: True
        stacks._provision_resource = self._paced_provision
        stacks._delete_resource = self._paced_remove
        stacks._update_resource = self._checked_update
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
                _take_up_leftovers(name)
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
        self._switches.check(name, logical_id, "create")
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
        self._tell_cleanup(name, logical_id, resource_type, "DELETE_IN_PROGRESS", physical_id)
        wait(self._pace_of(resource_type) / 2, lambda: False)
        self._switches.check(name, logical_id, "delete")
        with self.lock:
            self._remove(resource_type, physical_id, properties, name, logical_id)
            stack = cloudformation._stacks.get(name) if name else None
            if stack:
                self.journal.pop(f"{stack['StackId']} {logical_id}", None)
        self._tell_cleanup(name, logical_id, resource_type, "DELETE_COMPLETE", physical_id)

    def _tell_cleanup(
        self, name: str | None, logical_id: str | None, resource_type: str, status: str, it: str
    ) -> None:
        """The events of what an update removes, which ministack leaves out."""
        stack = cloudformation._stacks.get(name) if name else None
        if name and logical_id and stack and stack["StackStatus"] == "UPDATE_IN_PROGRESS":
            self._add_event_once(
                stack["StackId"], name, logical_id, resource_type, status, physical_id=it
            )

    def _checked_update(
        self, resource_type: str, physical_id: str, old: Any, new: Any, name: str, *rest: Any
    ) -> Any:
        self._switches.check(name, rest[0] if rest else None, "update")
        return self._update(resource_type, physical_id, old, new, name, *rest)

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


def _take_up_leftovers(name: str) -> None:
    """What a rollback could not delete is still the stack's; ministack forgets it."""
    stack = cloudformation._stacks[name]
    if stack["StackStatus"] == "ROLLBACK_FAILED":
        stack["_resources"].update(stack.pop("_rollback_failed", {}))


def _told(event: dict[str, Any]) -> tuple[str, str, str]:
    return (
        event["LogicalResourceId"],
        event["ResourceStatus"],
        event.get("ClientRequestToken", ""),
    )
