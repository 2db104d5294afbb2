#!/usr/bin/env bash
# What is not in the table of operations does not exist: the RA's socket.
tid="roles"
. "$(dirname "$0")/lib.sh"
demo_up
# The tool itself, pointed at the RA's socket, plays a taken-over RA.
ra=$INKAN_SOCKET_DIR/ra.sock svc=$INKAN_SOCKET_DIR/svc.sock
new_key "$T/k"; csr "$T/k" "/CN=x/O=y" >"$T/csr"
enrol_basic v
refused() { local w=$1; shift; out=$(inkan "$@" 2>&1); is "$w" $? 1; has "  by the table" "$out" "ops.table|does not exist|denied|refused"; }
refused "RA: code-signing" --socket "$ra" issue --profile code-signing --csr "$T/csr"
refused "RA: revoke" --socket "$ra" revoke --serial "$(serial "$D/v.pem")"
refused "RA: remove a device" --socket "$ra" device revoke v --fleet devices
refused "RA: status" --socket "$ra" status
refused "RA: policy" --socket "$ra" policy activate
refused "service: issue" --socket "$svc" issue --profile code-signing --csr "$T/csr"
has "logged" "$(cat "$T/demo/log/inkan-ca.log")" "event=ops.refused.*op=revoke"
has "and an entry of the log" "$(inkan log list --limit 1000)" "refusal"
is "nothing happened" "$(inkan --json cert show "$(serial "$D/v.pem")" | json - 'd["state"]')" valid
finish
