/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>
#include <plum-service/plum-service.h>

G_BEGIN_DECLS

PlumServiceError plum_service_error_from_gerror (const GError *error);
void plum_service_copy_text (char *to, gsize size, const char *from);
/* Cuts a message that is too long after a sentence or a part of it, if that keeps half of the text.
 * size: not 0. from: (nullable). */
void plum_service_copy_message (char *to, gsize size, const char *from);

/* Copies a struct of the program to to, which has the defaults. Members that the program does not
 * know keep their defaults. Returns FALSE if the program's size is invalid, or it sets a member
 * that this library does not know. */
gboolean plum_service_read_struct (gpointer to, gsize to_size, gconstpointer from);
/* Copies a snapshot to a struct of the program, whose size member is set. */
gboolean plum_service_write_mapping (PlumServiceMapping *to, const PlumServiceMapping *from);

G_END_DECLS
