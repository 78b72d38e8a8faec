import JamboreeKit

/// The services that ship, in the order in which documentation lists them.
public let platformServices: [any Service.Type] = [
  JamService.self,
  SelectionService.self,
  BlogService.self,
  DirectoryService.self,
  BookmarkService.self,
  MicroblogService.self,
  NetworkService.self,
  WikiService.self,
  MediaService.self,
  AlumniService.self,
  PublicService.self,
  ModerationService.self,
  SearchService.self,
  NotificationService.self,
]
