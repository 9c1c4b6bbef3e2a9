/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

/* Whether the code under test sees this program as privileged, such as a set-user-ID program. */
extern gboolean test_secure_mode;
