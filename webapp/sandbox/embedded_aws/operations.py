"""Stack operations: paced, cancelled by a deletion, and continued after a kill.

Each operation's arguments are stored in its stack, and each resource is written into a journal
under the same lock as it is created. Both are saved with the rest of the state. After a kill the
operation is run again from the start: resources in the journal are not created twice, and events
that were recorded are not recorded twice.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from threading import Lock
from typing import Any

from ministack.core.responses import set_request_account_id, set_request_region
from ministack.services import cloudformation
from ministack.services.cloudformation import changesets, handlers, stacks

from webapp.sandbox.embedded_aws import versions
from webapp.sandbox.embedded_aws.iam.caller import caller, passed_role
from webapp.sandbox.embedded_aws.iam.handlers import Resource
from webapp.sandbox.embedded_aws.iam.permits import Permits
from webapp.sandbox.embedded_aws.resources import sleep_unless
from webapp.sandbox.embedded_aws.switches import Switches

Journal = dict[str, tuple[str, dict[str, Any]]]
Deploy = Callable[..., Coroutine[Any, Any, None]]

CANCELLED = "Resource creation cancelled"


class Operations:
    """`lock` is held while a resource changes and while the state is saved."""

    def __init__(
        self, pace_of: Callable[[str], float], switches: Switches, permits: Permits
    ) -> None:
        self.lock = Lock()
        self._permits = permits
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
            for name, replacement in (
                ("_deploy_stack_async", self._run_deploy),
                ("_delete_stack_async", self._run_delete),
                ("_add_event", self._add_event_once),
            ):
                if hasattr(module, name):
                    setattr(module, name, replacement)
        _refuse_to_delete_what_is_updated()

    def is_busy(self) -> bool:
        """Whether an operation is running."""
        return any(lock.locked() for lock in self._running.values())

    def resume(self) -> None:
        """Run the operations that a kill interrupted again. Call it on the event loop."""
        for (account, region, name), stack in list(cloudformation._stacks._data.items()):
            operation = stack.get("_operation")
            if not operation or not stack["StackStatus"].endswith("_IN_PROGRESS"):
                continue
            set_request_account_id(account)
            set_request_region(region)
            stacks.CLIENT_REQUEST_TOKEN.set(operation["token"])
            caller.set(operation.get("principal", ""))
            run = self._run_delete if operation["kind"] == "delete" else self._run_deploy
            again = run(name, stack["StackId"], *operation["args"], **operation["kwargs"])
            stacks._create_stack_task_in_region(again, stack, stack["StackId"])

    async def _run_deploy(self, name: str, stack_id: str, *args: Any, **kwargs: Any) -> None:
        async with self._running.setdefault(stack_id, asyncio.Lock()):
            self._record("deploy", name, args, kwargs)
            await self._deploy(name, stack_id, *args, **kwargs)
            self._forget_what_is_left(name, stack_id)
            self._forget_operation(name, stack_id)

    async def _run_delete(self, name: str, stack_id: str, *args: Any, **kwargs: Any) -> None:
        """Waits until a running deployment has stopped; does nothing if a deletion is running."""
        if stack_id in self._deleting:
            return
        self._deleting.add(stack_id)
        try:
            async with self._running.setdefault(stack_id, asyncio.Lock()):
                retain = [sorted(args[0])] if args else []
                self._record("delete", name, tuple(retain), kwargs)
                _restore_undeleted_resources(name)
                await self._delete(name, stack_id, *args, **kwargs)
                self._forget_operation(name, stack_id)
        finally:
            self._deleting.discard(stack_id)

    def _record(self, kind: str, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """With who asked for it, and the stack's service role, which it keeps."""
        stack = cloudformation._stacks[name]
        stack["RoleARN"] = passed_role.get() or stack.get("RoleARN", "")
        passed_role.set(stack["RoleARN"])
        stack["_operation"] = {
            "kind": kind,
            "args": list(args),
            "kwargs": kwargs,
            "token": stacks.CLIENT_REQUEST_TOKEN.get(),
            "principal": caller.get(),
        }

    def _forget_operation(self, name: str, stack_id: str) -> None:
        stack = cloudformation._stacks.get(name)
        if stack and stack["StackId"] == stack_id:
            stack.pop("_operation", None)

    def _forget_what_is_left(self, name: str, stack_id: str) -> None:
        """What the clean-up of an update could not delete exists, but not in the stack any more."""
        resources = (cloudformation._stacks.get(name) or {}).get("_resources") or {}
        for logical_id, resource in list(resources.items()):
            if resource.get("ResourceStatus") == "DELETE_FAILED":
                del resources[logical_id]
                self.journal.pop(f"{stack_id} {logical_id}", None)

    def _paced_provision(
        self, resource_type: str, logical_id: str, properties: dict[str, Any], name: str
    ) -> tuple[str, dict[str, Any]]:
        stack_id = cloudformation._stacks[name]["StackId"]
        key = f"{stack_id} {logical_id}"
        if key in self.journal:
            physical_id, attributes = self.journal[key]
            return physical_id, attributes
        sleep_unless(lambda: stack_id in self._deleting, self._pace_of(resource_type))
        if stack_id in self._deleting:
            raise ValueError(CANCELLED)
        self._switches.check(name, logical_id, "create")
        self._permits.check(_resource(resource_type, "create", name, logical_id, properties))
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
        self._add_cleanup_event(name, logical_id, resource_type, "DELETE_IN_PROGRESS", physical_id)
        time.sleep(self._pace_of(resource_type) / 2)
        self._switches.check(name, logical_id, "delete")
        doomed = _resource(resource_type, "delete", name or "", logical_id or "", properties)
        self._permits.check(replace(doomed, physical_id=physical_id))
        versions.wait_for_calls(resource_type, physical_id)
        with self.lock:
            self._remove(resource_type, physical_id, properties, name, logical_id)
            stack = cloudformation._stacks.get(name) if name else None
            if stack:
                self.journal.pop(f"{stack['StackId']} {logical_id}", None)
        self._add_cleanup_event(name, logical_id, resource_type, "DELETE_COMPLETE", physical_id)

    def _add_cleanup_event(
        self,
        name: str | None,
        logical_id: str | None,
        resource_type: str,
        status: str,
        physical_id: str,
    ) -> None:
        """An event of a resource that an update removes; ministack has none."""
        stack = cloudformation._stacks.get(name) if name else None
        if name and logical_id and stack and stack["StackStatus"] == "UPDATE_IN_PROGRESS":
            self._add_event_once(
                stack["StackId"], name, logical_id, resource_type, status, physical_id=physical_id
            )

    def _checked_update(
        self, resource_type: str, physical_id: str, old: Any, new: Any, name: str, *rest: Any
    ) -> Any:
        logical_id = rest[0] if rest else None
        self._switches.check(name, logical_id, "update")
        if old != new:
            changed = _resource(resource_type, "update", name, logical_id or "", new)
            self._permits.check(replace(changed, physical_id=physical_id, before=old))
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
        key = (logical_id, status, token)
        events = cloudformation._stack_events.get(stack_id) or []
        if token and any(_event_key(event) == key for event in events):
            return
        self._add_event(stack_id, name, logical_id, resource_type, status, *args, **kwargs)


def _refuse_to_delete_what_is_updated() -> None:
    """A creation is cancelled by a deletion; an update is not."""
    delete = handlers._ACTION_HANDLERS["DeleteStack"]

    def deleted(asked: dict[str, Any]) -> Any:
        stack = handlers._resolve_stack(handlers._p(asked, "StackName")) or {}
        status = stack.get("StackStatus", "")
        if status.startswith("UPDATE_") and status.endswith("_IN_PROGRESS"):
            told = f"Stack [{stack['StackId']}] cannot be deleted while in status {status}"
            return handlers._error("ValidationError", told)
        return delete(asked)

    handlers._ACTION_HANDLERS["DeleteStack"] = deleted


def _restore_undeleted_resources(name: str) -> None:
    """What a rollback could not delete still belongs to the stack; ministack drops it."""
    stack = cloudformation._stacks[name]
    if stack["StackStatus"] == "ROLLBACK_FAILED":
        stack["_resources"].update(stack.pop("_rollback_failed", {}))


def _resource(
    resource_type: str, step: str, name: str, logical_id: str, properties: dict[str, Any]
) -> Resource:
    """For IAM, with the tags that CloudFormation gives it."""
    stack = cloudformation._stacks.get(name) or {}
    tags = {tag["Key"]: tag["Value"] for tag in stack.get("Tags") or []}
    role = stack.get("RoleARN", "")
    return Resource(resource_type, step, name, logical_id, properties, tags=tags, role=role)


def _event_key(event: dict[str, Any]) -> tuple[str, str, str]:
    return (
        event["LogicalResourceId"],
        event["ResourceStatus"],
        event.get("ClientRequestToken", ""),
    )
