/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "unmap-job.h"

gboolean unmap_records_has (PlumManager *manager, const UnmapJob *job);
gboolean unmap_records_has_entry (PlumManager *manager, PlumEntry *entry);
gboolean unmap_records_has_removed (PlumManager *manager, const UnmapJob *job);
gboolean unmap_records_has_pinhole (PlumManager *manager);
void unmap_records_consult (PlumManager *manager, UnmapJob *job, gboolean listed);
void unmap_records_add_jobs (PlumManager *manager, GPtrArray *jobs, GSocketFamily family);
void unmap_records_add_jobs_beyond (PlumManager *manager, GPtrArray *jobs);
