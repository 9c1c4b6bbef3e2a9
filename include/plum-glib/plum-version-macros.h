/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(PLUM_INSIDE) && !defined(PLUM_COMPILATION)
#  error "Only <plum-glib/plum-glib.h> can be included directly."
#endif

#include <glib.h>

#ifndef PLUM_EXTERN
#  if defined(__GNUC__)
#    define PLUM_EXTERN __attribute__ ((visibility ("default"))) extern
#  else
#    define PLUM_EXTERN extern
#  endif
#endif

/* Marks a public symbol with the version that introduced it. */
#define PLUM_AVAILABLE_IN_1_0 PLUM_EXTERN
