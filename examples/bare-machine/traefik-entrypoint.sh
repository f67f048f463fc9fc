#!/bin/sh
# As in the official image: options go to Traefik, anything else is a command of its own.
set -e
case "${1:-}" in
  -* | '' | healthcheck | version) exec traefik "$@" ;;
  *) exec "$@" ;;
esac
