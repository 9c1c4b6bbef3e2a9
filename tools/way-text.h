/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

char *way_text_join (GPtrArray *names);
