# Sourced by test.sh: a mail server (aiosmtpd) for the time of one run, on ports and in a folder of its own, and beside it the
# reference library of Standard Webhooks, so that others than us judge what we send.
# shellcheck shell=bash disable=SC2154 # target comes from lib.sh

smtp_packages=(aiosmtpd==1.4.6 standardwebhooks==1.1.0 cryptography==50.0.2)

# Sets smtp_folder: `server.json` tells the ports, `mails` holds what arrived. Returns 1 with a reason where it cannot be had.
start_smtp() {
  local tool=$target/tools/smtp-1.4.6
  if [ ! -x "$tool/bin/python" ] || ! "$tool/bin/python" -c 'import aiosmtpd, standardwebhooks, cryptography' 2>/dev/null; then
    have python3 || { say "python3 is missing: no mail server"; return 1; }
    say "Installing ${smtp_packages[*]} from PyPI into ${tool#"$root"/}"
    rm -rf "$tool"
    if ! { python3 -m venv "$tool" && "$tool/bin/python" -m pip install --quiet --retries 1 --timeout 30 "${smtp_packages[@]}"; } >"$target/smtp-install.log" 2>&1; then
      tail -n 3 "$target/smtp-install.log" >&2
      rm -rf "$tool"
      say "the mail server could not be installed (no PyPI?)"
      return 1
    fi
  fi
  mkdir -p "$target/servers"
  smtp_folder=$(mktemp -d "$target/servers/smtp.XXXXXX")
  "$tool/bin/python" scripts/smtp_server.py "$smtp_folder" >"$smtp_folder/log" 2>&1 &
  smtp_process=$!
  for _ in $(seq 100); do
    [ ! -e "$smtp_folder/server.json" ] || { say "mail server (aiosmtpd), for this run only"; return 0; }
    kill -0 "$smtp_process" 2>/dev/null || break
    sleep 0.1
  done
  say "the mail server did not start:"
  tail -n 5 "$smtp_folder/log" >&2 || true
  stop_smtp
  return 1
}

stop_smtp() {
  [ -z "${smtp_process:-}" ] || stop_process "$smtp_process"
  [ -z "${smtp_folder:-}" ] || rm -rf "$smtp_folder"
  smtp_process=
  smtp_folder=
}
