/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

void state_directory_use (PlumManager *manager);
void state_directory_read (PlumManager *manager);
