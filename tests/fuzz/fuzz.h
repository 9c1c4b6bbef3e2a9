/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A fuzz target is one file with this one function. It aborts if what must hold for every input
 * does
 * not. With a fuzzing engine (tools/fuzz) the engine calls it; without one fuzz-driver.c does.
 *
 * The first comment of each target names the files that it is about: tools/fuzz reads it, and
 * prints
 * how much of them was reached.
 */
int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);
