/** Short names for the generated types of the answers about a log: map, variants, timeline of a case. */
import type { components } from '../api/schema';

type S = components['schemas'];
export type Span = S['SpanDto'];
export type Caveat = S['CaveatDto'];
export type MapActivity = S['MapActivityDto'];
export type MapEdge = S['MapEdgeDto'];
export type ProcessMap = S['MapDto'];
export type Outcome = S['OutcomeDto'];
export type Variant = S['VariantDto'];
export type VariantGroup = S['VariantGroupDto'];
export type Variants = S['VariantsDto'];
export type VariantGroups = S['VariantGroupsDto'];
export type TimelineTask = S['TimelineTaskDto'];
export type Timeline = S['TimelineDto'];
