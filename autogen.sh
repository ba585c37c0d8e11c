#!/bin/sh
# Generate configure and Makefile.in from their sources.
set -e
cd "$(dirname "$0")"
exec autoreconf --force --install --warnings=all,no-portability
