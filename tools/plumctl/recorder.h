/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "doctor-log.h"

gboolean recorder_prepare (const char *directory, GError **error);
gboolean recorder_write (
  const char *directory, DoctorLog *log, GPtrArray *addresses, const char *report, GError **error);
