import JamboreeKit

/// The services that ship, in the order in which documentation lists them.
public let platformServices: [any Service.Type] = [
  JamService.self,
  SelectionService.self,
  WikiService.self,
  AlumniService.self,
  PublicService.self,
  ModerationService.self,
  BlogService.self,
  DirectoryService.self,
  NotificationService.self,
  BookmarkService.self,
  MediaService.self,
  SearchService.self,
]
