/** Short names for the generated wire types. */
import type { components, operations } from './schema';

type S = components['schemas'];
export type Text = S['Text'];
export type Figure = S['FigureDto'];
export type Process = S['ProcessDto'];
export type Status = S['StatusDto'];
export type Strata = S['StrataDto'];
export type Card = S['CardDto'];
export type CardLine = S['CardLineDto'];
export type Act = S['ActDto'];
export type StockRow = S['StockRowDto'];
export type Basis = S['BasisDto'];
export type ClosingRule = S['ClosingRuleDto'];
export type ProposedTarget = S['ProposedTargetDto'];
export type Cockpit = S['CockpitDto'];
export type LedgerRow = S['LedgerRowDto'];
export type Bin = S['BinDto'];
export type DelayPoint = S['DelayPointDto'];
export type Cumulative = S['CumulativeDto'];
export type Awaited = S['AwaitedDto'];
export type Flow = S['FlowDto'];
export type Case = S['CaseDto'];
export type CasesPage = S['CasesPageDto'];
export type Column = S['ColumnDto'];
export type Preview = S['PreviewDto'];
export type Finding = S['FindingDto'];
export type ImportReport = S['ImportReportDto'];
export type Import = S['ImportDto'];
export type ImportRequest = S['ImportRequest'];
export type Job = S['JobDto'];
export type Mapping = S['MappingDto'];
export type TypedCounts = S['TypedCountsDto'];
export type ControlTotal = S['ControlTotalDto'];
export type Config = S['ConfigDto'];
export type ConfigPreview = S['ConfigPreviewDto'];
export type ConfigRequest = S['ConfigRequest'];
/** What a spreadsheet holds of the configuration; to be taken from the description of the API once it has it. */
export interface ConfigSheet {
  rules: Record<string, never>;
  sections: { name: Text; count: number }[];
  problems: S['ConfigProblemDto'][];
}
/** The route that answers it, in the form of the generated ones; goes with it. */
export interface SheetPaths {
  '/api/v1/processes/{process}/config/sheet': {
    post: {
      parameters: { path: { process: string } };
      requestBody: { content: { 'multipart/form-data': { file: string } } };
      responses: { 200: { content: { 'application/json': ConfigSheet } } };
    };
  };
}
export type ConfigProblem = S['ConfigProblemDto'];
export type ActivityUse = S['ActivityUseDto'];
export type Problem = S['Problem'];

// People, rights and proof.
export type Session = S['SessionDto'];
export type SetupBody = S['SetupRequest'];
export type SecondFactor = S['SecondFactorDto'];
export type Account = S['AccountDto'];
export type AccountChange = S['AccountRequest'];
export type NewAccount = S['NewAccountDto'];
export type NewAccountBody = S['NewAccountRequest'];
export type Role = S['RoleDto'];
export type Permission = S['PermissionDto'];
export type Rights = S['RightsDto'];
export type Grant = S['GrantDto'];
export type GrantBody = S['GrantRequest'];
export type GrantEnd = S['GrantEndRequest'];
export type Token = S['TokenDto'];
export type TokenBody = S['TokenRequest'];
export type NewToken = S['NewTokenDto'];
export type Gate = S['GateDto'];
export type GateBody = S['GateRequest'];
export type Retention = S['RetentionDto'];
export type RetentionRule = S['RetentionRuleDto'];
export type AuditEntry = S['AuditEntryDto'];
export type AuditPage = S['AuditPageDto'];
export type AuditVerdict = S['AuditVerdictDto'];
export type System = S['SystemDto'];
export type Check = S['CheckDto'];
export type OrgNode = S['NodeDto'];
export type NodeBody = S['NodeRequest'];
export type Organisation = S['OrganisationDto'];
export type UnknownCode = S['UnknownCodeDto'];
export type Person = S['PersonDto'];
export type PeoplePage = S['PeoplePageDto'];
export type PersonDetail = S['PersonDetailDto'];
export type PersonBody = S['PersonRequest'];
export type Fact = S['FactDto'];
export type FactBody = S['FactRequest'];
export type StaffImport = S['StaffImportDto'];
export type StaffQuery = NonNullable<operations['import_staff']['parameters']['query']>;
export type Weeks = S['WeeksDto'];
export type Me = S['MeDto'];
export type Page = S['PageDto'];
export type PageBody = S['PageRequest'];
export type Publication = S['PublicationDto'];
export type Difference = S['DifferenceDto'];
export type Replay = S['ReplayDto'];
export type PublicationBody = S['PublicationRequest'];
