/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

#define PARROT_TYPE_BACKEND (parrot_backend_get_type ())

G_DECLARE_FINAL_TYPE (ParrotBackend, parrot_backend, PARROT, BACKEND, PlumBackend)

G_END_DECLS
