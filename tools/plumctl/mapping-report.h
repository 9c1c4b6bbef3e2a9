/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

/* Prints the state of a mapping, as text or JSON, if it differs from what was printed last. The
 * text leaves out the removal of what was never up. silent: no text either. */
void mapping_report_print (PlumMapping *mapping, gboolean silent);
