/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

const char *suggest_nearest (const char *word, const char *const *known);
