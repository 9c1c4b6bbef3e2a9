/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "plum-lease-record-private.h"

G_BEGIN_DECLS

/* Adds to the error which router may keep the mapping of record, and until when. */
GError *plum_unmap_error_new_left (const PlumLeaseRecord *record, const GError *error);
GError *plum_unmap_error_new_unreachable (void);

G_END_DECLS
