/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "unmap-job.h"

gboolean unmap_records_has (PlumManager *manager, const UnmapJob *job);
void unmap_records_consult (PlumManager *manager, UnmapJob *job, gboolean listed);
