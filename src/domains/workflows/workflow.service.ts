import type { ServiceContext } from '../service-context.ts';
import type { CreateWorkflowInput, DeleteWorkflowInput, UpdateWorkflowInput } from './workflow.input.ts';

export interface WorkflowService {
  create(cx: ServiceContext, input: CreateWorkflowInput): Promise<{ workflowId: string; replayed: boolean }>;
  update(cx: ServiceContext, input: UpdateWorkflowInput): Promise<{ workflowId: string }>;
  remove(cx: ServiceContext, input: DeleteWorkflowInput): Promise<{ workflowId: string }>;
}
export declare function createWorkflowService(): WorkflowService;
