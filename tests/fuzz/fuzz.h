/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A fuzz target is a file that defines this function. It aborts if the target violates an
 * invariant. A fuzzing engine (tools/fuzz) or fuzz-driver.c calls it.
 *
 * The first comment of each target lists the source files that it tests. tools/fuzz reads it and
 * prints their coverage.
 */
int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);
