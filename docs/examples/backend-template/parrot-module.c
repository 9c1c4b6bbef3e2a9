/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "parrot-backend.h"

PLUM_DEFINE_BACKEND_MODULE ("parrot",
                            "A toy protocol that shows how to write a backend",
                            50,
                            PARROT_TYPE_BACKEND)
